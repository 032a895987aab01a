#pragma once

#include <optional>
#include <string>
#include <vector>

/// What the program does for each of its words. Each returns the process's exit code.
namespace sluice::control {

/// Exit codes, which do not change from one version to the next.
enum ExitCode : int {
  kSuccess = 0,      ///< done; of `run`: ended as it was asked to
  kFault = 1,        ///< the configuration has errors, or the admin socket refused the command
  kUsage = 2,        ///< the command line is wrong
  kCannotStart = 3,  ///< the configuration is good, but devices, memory or rights are missing
  kWorkerStuck = 4,  ///< a worker did not end; the process was ended all the same
};

/// `sluice check FILE`: prints what is wrong with a configuration.
int check_command(const std::string& file);

/// `sluice run -c FILE`: runs until it is told to end.
int run_command(const std::string& file);

/// `sluice ctl VERB...`: asks a running Sluice. The socket is `socket`, or the one that the
/// configuration `file` names, or the default one. On a terminal, and unless `raw`, tables for
/// programs are shown as people read them.
int ctl_command(const std::optional<std::string>& socket, const std::optional<std::string>& file,
                const std::vector<std::string>& words, bool raw);

/// `sluice top`: shows what a running Sluice does, which is found as by `ctl`.
int top_command(const std::optional<std::string>& socket, const std::optional<std::string>& file);

/// `sluice capture`: frames of a running Sluice, chosen by the words of the verb `capture`, into a
/// pcapng file.
int capture_command(const std::optional<std::string>& socket,
                    const std::optional<std::string>& file, const std::string& target,
                    const std::vector<std::string>& words);

}  // namespace sluice::control
