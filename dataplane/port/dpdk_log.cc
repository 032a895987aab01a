#include "dataplane/port/dpdk_log.h"

#include <dlfcn.h>
#include <rte_log.h>

#include <cstdarg>
#include <stdexcept>
#include <utility>

namespace sluice::port {
namespace {

LogLevel level_of_current_message() {
  const int level = rte_log_cur_msg_loglevel();
  if (level <= static_cast<int>(RTE_LOG_ERR)) return LogLevel::kError;
  if (level <= static_cast<int>(RTE_LOG_WARNING)) return LogLevel::kWarning;
  if (level <= static_cast<int>(RTE_LOG_INFO)) return LogLevel::kInfo;
  return LogLevel::kDebug;
}

// libbpf and libxdp: 0 is a warning; the arguments are those of vprintf().
using XdpPrint = int(int level, const char* format, va_list arguments);

int print_to_dpdk(int level, const char* format, va_list arguments) {
  const std::uint32_t dpdk_level = level == 0 ? RTE_LOG_WARNING : RTE_LOG_DEBUG;
  return rte_vlog(dpdk_level, RTE_LOGTYPE_EAL, format, arguments);
}

void redirect(const char* library, const char* setter) {
  void* handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
  if (handle == nullptr) return;
  using Setter = XdpPrint*(XdpPrint*);
  auto* set_print = reinterpret_cast<Setter*>(dlsym(handle, setter));
  if (set_print != nullptr) (void)set_print(print_to_dpdk);
  dlclose(handle);
}

}  // namespace

DpdkLog::DpdkLog(LogSink sink) : sink_(std::move(sink)) {
  cookie_io_functions_t functions{};
  functions.write = write_cookie;
  stream_ = fopencookie(this, "w", functions);
  if (stream_ == nullptr) throw std::runtime_error("no memory for DPDK's log");
  rte_openlog_stream(stream_);
}

DpdkLog::~DpdkLog() {
  rte_openlog_stream(nullptr);
  (void)std::fclose(stream_);
}

// DPDK flushes after each message: a call holds whole lines, all of one level.
ssize_t DpdkLog::write_cookie(void* cookie, const char* text, std::size_t size) {
  auto* log = static_cast<DpdkLog*>(cookie);
  const LogLevel level = level_of_current_message();
  std::string_view rest(text, size);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    if (!line.empty()) log->write(level, line);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return static_cast<ssize_t>(size);
}

void DpdkLog::write(LogLevel level, std::string_view text) {
  if (level <= LogLevel::kWarning) {
    const std::lock_guard lock(mutex_);
    if (complaints_.size() == kKept) complaints_.pop_front();
    complaints_.emplace_back(text);
  }
  if (sink_) sink_(attempts_ > 0 ? LogLevel::kDebug : level, text);
}

DpdkLog::Attempt::Attempt(DpdkLog* log) : log_(log) {
  if (log_ == nullptr) return;
  ++log_->attempts_;
  const std::lock_guard lock(log_->mutex_);
  log_->complaints_.clear();
}

DpdkLog::Attempt::~Attempt() {
  if (log_ != nullptr) --log_->attempts_;
}

void DpdkLog::adopt_xdp_libraries() {
  redirect("libbpf.so.1", "libbpf_set_print");
  redirect("libxdp.so.1", "libxdp_set_print");
}

std::string DpdkLog::complaints() const {
  const std::lock_guard lock(mutex_);
  std::string all;
  for (const std::string& line : complaints_) {
    if (!all.empty()) all += "; ";
    all += line;
  }
  return all;
}

}  // namespace sluice::port
