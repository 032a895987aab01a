#include "control/stats/stat_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace sluice::control {
namespace {

// As HAProxy 2.6 writes it.
constexpr std::string_view kHeader =
    "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,"
    "wretr,wredis,status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,"
    "sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,check_status,check_code,"
    "check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,"
    "req_rate,req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,"
    "lastsess,last_chk,last_agt,qtime,ctime,rtime,ttime,agent_status,agent_code,"
    "agent_duration,check_desc,agent_desc,check_rise,check_fall,check_health,agent_rise,"
    "agent_fall,agent_health,addr,cookie,mode,algo,conn_rate,conn_rate_max,conn_tot,"
    "intercepted,dcon,dses,wrew,connect,reuse,cache_lookups,cache_hits,srv_icur,src_ilim,"
    "qtime_max,ctime_max,rtime_max,ttime_max,eint,idle_conn_cur,safe_conn_cur,"
    "used_conn_cur,need_conn_est,uweight,agg_server_status,agg_server_check_status,"
    "agg_check_status,-,ssl_sess,ssl_reused_sess,ssl_failed_handshake,h2_headers_rcvd,"
    "h2_data_rcvd,h2_settings_rcvd,h2_rst_stream_rcvd,h2_goaway_rcvd,"
    "h2_detected_conn_protocol_errors,h2_detected_strm_protocol_errors,h2_rst_stream_resp,"
    "h2_goaway_resp,h2_open_connections,h2_backend_open_streams,h2_total_connections,"
    "h2_backend_total_streams,h1_open_connections,h1_open_streams,h1_total_connections,"
    "h1_total_streams,h1_bytes_in,h1_bytes_out,h1_spliced_bytes_in,h1_spliced_bytes_out,"
    "queued_tot,queue_refused,retry_withheld,eject,\n";

std::vector<StatRow> three_rows() {
  return {StatRow(RowKind::kFrontend, "www", "FRONTEND", 1, 0),
          StatRow(RowKind::kServer, "farm", "a", 2, 1),
          StatRow(RowKind::kBackend, "farm", "BACKEND", 2, 0)};
}

StatRequest request(std::vector<std::string> words) {
  const auto parsed = StatRequest::parse(words);
  EXPECT_TRUE(parsed);
  return parsed.value_or(StatRequest{});
}

// The second column of each row.
std::string services(const std::vector<StatRow>& rows, const StatRequest& wanted) {
  const std::string csv = format_csv(rows, wanted);
  std::string names;
  for (std::size_t at = csv.find('\n') + 1; at < csv.size(); at = csv.find('\n', at) + 1) {
    const std::size_t begin = csv.find(',', at) + 1;
    names += csv.substr(begin, csv.find(',', begin) - begin) + " ";
  }
  return names;
}

TEST(ShowStat, HasTheHeaderOfHaproxy) {
  EXPECT_EQ(format_csv({}, {}), kHeader);
}

TEST(ShowStat, ARowHasAFieldForEachColumn) {
  StatRow row(RowKind::kServer, "farm", "web1", 3, 7);
  row.set("qcur", 0).set("status", "UP").set_signed("lastsess", -1);
  const std::string csv = format_csv(std::vector{row}, {});
  const std::string line = csv.substr(csv.find('\n') + 1);
  EXPECT_EQ(std::count(line.begin(), line.end(), ','),
            std::count(kHeader.begin(), kHeader.end(), ','));
  EXPECT_TRUE(line.starts_with("farm,web1,0,,,,,,,,,,,,,,,UP,,,,,,,,,1,3,7,,,,2,")) << line;
  EXPECT_NE(line.find(",-1,"), std::string::npos);
  EXPECT_NE(line.find(",-,,"), std::string::npos) << "the column that HAProxy fills with a dash";
}

TEST(ShowStat, QuotesWhatHoldsAComma) {
  StatRow row(RowKind::kServer, "farm", "a,\"b\"", 1, 1);
  EXPECT_NE(format_csv(std::vector{row}, {}).find("farm,\"a,\"\"b\"\"\","), std::string::npos);
}

TEST(ShowStat, ChoosesRowsByProxyKindAndService) {
  const auto rows = three_rows();
  EXPECT_EQ(services(rows, request({})), "FRONTEND a BACKEND ");
  EXPECT_EQ(services(rows, request({"-1", "1", "-1"})), "FRONTEND ");
  EXPECT_EQ(services(rows, request({"-1", "2", "-1"})), "BACKEND ");
  EXPECT_EQ(services(rows, request({"-1", "4", "-1"})), "a ");
  EXPECT_EQ(services(rows, request({"2", "-1", "-1"})), "a BACKEND ");
  EXPECT_EQ(services(rows, request({"farm", "6", "1"})), "a BACKEND ");
  EXPECT_EQ(services(rows, request({"farm", "4", "9"})), "");
}

TEST(ShowStat, LeavesServersThatAreDownOutWhenAsked) {
  auto rows = three_rows();
  rows[1].set("status", "DOWN");
  EXPECT_EQ(services(rows, request({"up"})), "FRONTEND BACKEND ");
}

TEST(ShowStat, RefusesOtherArguments) {
  EXPECT_FALSE(StatRequest::parse(std::vector<std::string>{"everything"}));
  EXPECT_FALSE(StatRequest::parse(std::vector<std::string>{"1", "x", "-1"}));
  EXPECT_FALSE(StatRequest::parse(std::vector<std::string>{"1", "2"}));
}

TEST(ShowStatJson, HasTheFormOfHaproxy) {
  StatRow row(RowKind::kServer, "farm", "web1", 3, 7);
  row.set("ssl_sess", 5);
  const auto table = nlohmann::json::parse(format_json(std::vector{row}, {}));
  ASSERT_EQ(table.size(), 1U);
  const nlohmann::json first = {
      {"objType", "Server"},
      {"proxyId", 3},
      {"id", 7},
      {"field", {{"pos", 0}, {"name", "pxname"}}},
      {"processNum", 1},
      {"tags", {{"origin", "Key"}, {"nature", "Name"}, {"scope", "Service"}}},
      {"value", {{"type", "str"}, {"value", "farm"}}}};
  EXPECT_EQ(table[0][0], first);
  const auto& last = table[0].back();
  EXPECT_EQ(last["field"]["name"], "ssl_sess");
  EXPECT_EQ(last["field"]["pos"], 103);  // as in HAProxy, where the dash has no position
}

TEST(StatColumns, OthersThanThoseOfTheTableAreNotKnown) {
  EXPECT_THROW(static_cast<void>(stat_column("colour")), std::out_of_range);
}

}  // namespace
}  // namespace sluice::control
