#include <openssl/crypto.h>
#include <rte_version.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "bench/load/load_command.h"
#include "bench/serve/serve_command.h"
#include "control/commands.h"
#include "control/config/keys.h"
#include "control/metrics/metric_catalog.h"
#include "control/stats/counter_catalog.h"
#include "control/version.h"
#include "tls/openssl_memory.h"

namespace {

namespace control = sluice::control;

std::string version_text() {
  return "sluice " + std::string(control::kVersion) + " (" + rte_version() + ", " +
         OpenSSL_version(OPENSSL_VERSION) + ")";
}

/// The command line, taken apart.
struct CommandLine {
  std::string check_file;
  bool list_keys = false;
  bool list_counters = false;
  bool list_metrics = false;
  std::string run_file;
  std::optional<std::string> ctl_socket;
  std::optional<std::string> ctl_file;
  bool ctl_raw = false;

  CLI::App app{"Sluice: a TCP, TLS and HTTP offload engine in user space", "sluice"};
  CLI::App* check = nullptr;
  CLI::App* run = nullptr;
  CLI::App* ctl = nullptr;
  CLI::App* top = nullptr;
  CLI::App* capture = nullptr;
  std::string capture_file;
  std::vector<std::string> capture_words;
  sluice::load::LoadCommand load{app};
  sluice::serve::ServeCommand serve{app};

  CommandLine() {
    app.set_version_flag("--version,-V", version_text());
    app.require_subcommand(1);
    app.footer(
        "Exit codes: 0 done, 1 an error in the configuration or a refused command, 2 wrong\n"
        "usage, 3 cannot start, 4 ended without one of its workers.");

    check = app.add_subcommand("check", "Check a configuration file and print what is wrong");
    check->add_option("FILE", check_file, "The configuration file");
    check->add_flag("--keys", list_keys, "Print every configuration key (Markdown) instead");
    check->add_flag("--counters", list_counters, "Print every counter (Markdown) instead");
    check->add_flag("--metrics", list_metrics, "Print every metric (Markdown) instead");

    run = app.add_subcommand("run", "Run in the foreground until SIGTERM or SIGINT");
    run->add_option("-c,--config", run_file, "The configuration file")->required();

    ctl = app.add_subcommand("ctl", "Ask a running Sluice: 'sluice ctl help' lists the verbs");
    ctl->add_option("-s,--socket", ctl_socket, "The admin socket (default /run/sluice/admin.sock)");
    ctl->add_option("-c,--config", ctl_file, "The configuration that names the admin socket");
    ctl->add_flag("--raw", ctl_raw, "The answer as it comes, also to a terminal");
    ctl->prefix_command();

    top =
        app.add_subcommand("top", "Watch a running Sluice: workers, frontends, backends, servers");
    top->add_option("-s,--socket", ctl_socket, "The admin socket (as for ctl)");
    top->add_option("-c,--config", ctl_file, "The configuration that names the admin socket");
    top->footer("Once, when standard output is no terminal.");
    add_capture();
  }

  void add_capture() {
    capture = app.add_subcommand("capture", "Write frames of a running Sluice to a pcapng file");
    capture->add_option("FILE", capture_file, "The file; - for standard output")->required();
    capture->add_option("-s,--socket", ctl_socket, "The admin socket (as for ctl)");
    capture->add_option("-c,--config", ctl_file, "The configuration that names the admin socket");
    const auto pass_on = [this](const char* name, const char* help) {
      capture->add_option_function<std::string>(
          std::string("--") + name,
          [this, name](const std::string& value) {
            capture_words.insert(capture_words.end(), {name, value});
          },
          help);
    };
    pass_on("port", "Only of this port, named as in the configuration");
    pass_on("remote", "Only TCP and its ICMP errors with this network, or address");
    pass_on("local-port", "Only TCP and its ICMP errors of this port of Sluice's");
    pass_on("direction", "in, out or both (default)");
    pass_on("count", "End after so many frames");
    pass_on("duration", "End after this time (default 60s, at most 24h)");
    pass_on("snaplen", "Bytes of each frame at most (default 256)");
    capture->footer(
        "It ends by --count or --duration, or at SIGINT or SIGTERM, and then tells how many "
        "frames\n"
        "it has and how many found no room. One capture is possible at a time. Examples:\n"
        "\n"
        "  sluice capture flow.pcapng --remote 192.0.2.7 --duration 5m --snaplen 65535\n"
        "  sluice capture - --local-port 443 --count 100 | tcpdump -nr -");
  }

  int execute() {
    if (*check) {
      if (list_keys) return print(control::key_reference());
      if (list_counters) return print(control::counter_reference());
      if (list_metrics) return print(control::metric_reference());
      if (!check_file.empty()) return control::check_command(check_file);
      std::fputs("sluice check: which FILE?\n", stderr);
      return control::kUsage;
    }
    if (*run) return control::run_command(run_file);
    if (*capture) {
      return control::capture_command(ctl_socket, ctl_file, capture_file, capture_words);
    }
    if (*top) return control::top_command(ctl_socket, ctl_file);
    if (load) return load.run();
    if (serve) return serve.run();
    return control::ctl_command(ctl_socket, ctl_file, ctl->remaining(), ctl_raw);
  }

  static int print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return control::kSuccess;
  }
};

}  // namespace

int main(int argc, char** argv) {
  sluice::tls::keep_freed_openssl_memory();
  try {
    CommandLine line;
    try {
      line.app.parse(argc, argv);
    } catch (const CLI::ParseError& fault) {
      return line.app.exit(fault) == 0 ? control::kSuccess : control::kUsage;
    }
    return line.execute();
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "sluice: %s\n", fault.what());
    return control::kCannotStart;
  }
}
