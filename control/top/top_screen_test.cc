#include "control/top/top_screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::control {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Kind = TopService::Kind;

TopService service(Kind kind, std::string proxy, std::string name, std::uint64_t rate) {
  TopService service;
  service.kind = kind;
  service.proxy = std::move(proxy);
  service.name = std::move(name);
  service.status = kind == Kind::kFrontend ? "OPEN" : "UP";
  service.rate = rate;
  return service;
}

TopFigures farm() {
  TopFigures figures;
  figures.info = {{"Version", "1.2"}, {"node", "edge"}, {"CurrConns", "12"}};
  figures.workers.resize(2);
  figures.workers[1].index = 1;
  figures.workers[1].load_percent = 50;
  figures.workers[1].buffers = 100;
  figures.workers[1].buffers_free = 90;
  figures.services = {
      service(Kind::kFrontend, "www", "", 30), service(Kind::kServer, "farm", "a", 10),
      service(Kind::kServer, "farm", "b", 20), service(Kind::kBackend, "farm", "", 30),
      service(Kind::kServer, "shop", "c", 50), service(Kind::kBackend, "shop", "", 50)};
  figures.latencies["farm"] = {85, 12'345};
  return figures;
}

std::vector<TopLine> draw(const TopView& view = {}, TopSize size = {30, 150}) {
  return draw_top(farm(), view, size, "");
}

/// The first words of the rows.
std::string names(const std::vector<TopLine>& lines) {
  std::string all;
  bool rows = false;
  for (const TopLine& line : lines) {
    const std::string name = line.text.substr(0, line.text.find_last_not_of(' ') + 1);
    if (rows && !name.empty() && line.style != TopLine::Style::kHeader) {
      all += name.substr(0, name.find(' ', 2)) + ";";
    }
    if (line.style == TopLine::Style::kHeader) rows = true;
  }
  return all;
}

const TopLine& line_with(const std::vector<TopLine>& lines, const std::string& text) {
  const auto found = std::ranges::find_if(
      lines, [&](const TopLine& line) { return line.text.find(text) != std::string::npos; });
  EXPECT_NE(found, lines.end()) << text;
  return found == lines.end() ? lines.front() : *found;
}

TEST(TopScreen, FitsIntoTheTerminalWhateverItsSize) {
  for (const TopSize size : {TopSize{1, 1}, TopSize{5, 20}, TopSize{24, 80}, TopSize{60, 300}}) {
    const auto lines = draw({}, size);
    EXPECT_LE(lines.size(), size.lines);
    for (const TopLine& line : lines) EXPECT_LE(line.text.size(), size.columns);
  }
  EXPECT_EQ(draw({}, {24, 80}).size(), 24U);
}

TEST(TopScreen, HasTheProcessAndItsWorkersAbove) {
  const auto lines = draw();
  EXPECT_THAT(lines[0].text, StartsWith("Sluice 1.2 on edge"));
  EXPECT_THAT(lines[1].text, HasSubstr("clients 12 (-/s)")) << "a dash for what is not told";
  EXPECT_THAT(line_with(lines, "worker  1").text, HasSubstr("[||||||||||          ]  50.0%"));
  EXPECT_THAT(line_with(lines, "worker  1").text, HasSubstr(" 90% buffers free"));
}

TEST(TopScreen, ABackendStandsBeforeItsServers) {
  EXPECT_EQ(names(draw()), "> www;farm;  a;  b;shop;  c;");
}

TEST(TopScreen, SortsServersWithinTheirBackendAndBackends) {
  TopView view;
  view.order = TopView::Order::kRate;
  EXPECT_EQ(names(draw(view)), "> www;shop;  c;farm;  b;  a;");
}

TEST(TopScreen, FiltersByName) {
  TopView view;
  view.filter = "sho";
  EXPECT_EQ(names(draw(view)), "shop;  c;");
  view.filter = "b";
  EXPECT_EQ(names(draw(view)), "farm;  b;");
}

TEST(TopScreen, ScrollsAndLeavesServersOut) {
  TopView view;
  view.first = 4;
  EXPECT_EQ(names(draw(view)), "shop;  c;");
  view.first = 0;
  view.servers = false;
  EXPECT_EQ(names(draw(view)), "> www;farm;shop;");
  EXPECT_EQ(count_top_rows(farm(), view), 3U);
}

TEST(TopScreen, ShowsPercentilesOfBackends) {
  const auto lines = draw();
  EXPECT_THAT(line_with(lines, "farm").text, HasSubstr("85us  12.3ms"));
}

TEST(TopScreen, MarksWhatIsWrong) {
  TopFigures figures = farm();
  figures.services[1].status = "DOWN 1/2";
  figures.services[2].status = "MAINT";
  const auto lines = draw_top(figures, {}, {30, 150}, "no answer: refused");
  EXPECT_EQ(line_with(lines, "  a ").style, TopLine::Style::kBad);
  EXPECT_EQ(line_with(lines, "  b ").style, TopLine::Style::kWarning);
  EXPECT_EQ(line_with(lines, "no answer: refused").style, TopLine::Style::kBad);
}

TEST(TopScreen, OfManyWorkersTheBusiestAreShown) {
  TopFigures figures = farm();
  figures.workers.resize(50);
  for (std::size_t i = 0; i < 50; ++i) {
    figures.workers[i].index = i;
    figures.workers[i].load_percent = static_cast<double>(i);
  }
  const auto lines = draw_top(figures, {}, {30, 150}, "");
  EXPECT_NO_FATAL_FAILURE(line_with(lines, "worker 49"));
  EXPECT_THAT(line_with(lines, "workers with less load").text, StartsWith("and 41 "));
  EXPECT_THAT(names(lines), StartsWith("> www;"));
}

TEST(TopScreen, LetsNothingThroughThatWouldChangeTheTerminal) {
  TopFigures figures = farm();
  figures.services[0].proxy = "\x1b[2Jwww\n";
  for (const TopLine& line : draw_top(figures, {}, {30, 150}, "\x1b[31m")) {
    EXPECT_TRUE(std::ranges::all_of(line.text, [](char c) { return c >= ' ' && c <= '~'; }));
  }
}

TEST(TopScreen, NumbersStayShort) {
  TopFigures figures = farm();
  figures.services[0].total = 123'456'789;
  figures.services[0].sessions = 999;
  const auto lines = draw_top(figures, {}, {30, 150}, "");
  const std::string& text = line_with(lines, "> www").text;
  EXPECT_THAT(text, HasSubstr(" 123M "));
  EXPECT_THAT(text, HasSubstr(" 999 "));
  EXPECT_THAT(text, Not(HasSubstr("123456789")));
}

}  // namespace
}  // namespace sluice::control
