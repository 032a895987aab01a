#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "control/certificates/certificate_store.h"
#include "control/config/config.h"
#include "control/reload/reload_report.h"
#include "control/settings_builder.h"
#include "http/settings.h"

namespace sluice::control {

/// A configuration file's text, and what was read from it.
struct ReadFile {
  std::string text;
  Config config;
};

/// The configuration that runs, and how another takes its place: read and checked as a whole,
/// refused as a whole when anything in it is wrong or would need a restart, then published. Beside
/// the file there are changes that operators make while it runs; they stay through a reload (see
/// with_run_time_changes()) until they are written into the file, or dropped. For the control
/// thread.
class Reloader {
 public:
  /// Brings settings that were made of a configuration to the workers.
  using Publish = std::function<void(http::Settings settings, const Config& config)>;
  /// Changes a configuration. Throws std::runtime_error with a message for the operator when that
  /// makes no sense.
  using Edit = std::function<void(Config& config)>;

  /// Is told that reload() begins (true), and that it has ended, whatever came of it (false).
  using Observe = std::function<void(bool under_way)>;

  enum class RunTimeChanges { kKeep, kDrop };

  /// `file` is what `path` held at the start, and what the builder's certificates were loaded for.
  Reloader(std::string path, ReadFile file, SettingsBuilder& builder, Publish publish)
      : path_(std::move(path)),
        file_(std::move(file)),
        config_(file_.config),
        builder_(builder),
        publish_(std::move(publish)) {}

  void observe(Observe observe) { observe_ = std::move(observe); }
  /// Reads the file again and takes over what has changed in it, or nothing of it.
  ReloadReport reload(RunTimeChanges changes = RunTimeChanges::kKeep);
  /// What reload() would do.
  [[nodiscard]] ReloadReport diff() const;
  /// Brings the certificates that are in the builder's store now to the workers. `present` is what
  /// they have. Throws std::runtime_error.
  void publish_certificates(const http::Settings& present);

  /// Changes what runs. Throws std::runtime_error, and nothing changes, when the edit does or the
  /// result would not pass as a configuration.
  void change(const Edit& edit);
  /// Writes the changes into the file, or, as a trial, nowhere. Returns the difference of the
  /// texts, empty when there are no changes. Throws std::runtime_error, and writes nothing, when
  /// the file is not the one that was read last or cannot be written.
  enum class Saving { kWrite, kTry };
  std::string save(Saving saving);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// What runs.
  [[nodiscard]] const Config& config() const { return config_; }
  /// The weight that the file gives a server, or that it has when the file does not have it; 0 when
  /// there is none.
  [[nodiscard]] std::uint32_t initial_weight(const std::string& backend,
                                             const std::string& server) const;
  /// What the file said when it was read last.
  [[nodiscard]] const Config& file_config() const { return file_.config; }

 private:
  // A file that may take the place of the one that was read last.
  struct Candidate {
    ReadFile file;
    Config config;  // what is to run
    CertificateStore certificates;
    ReloadReport report;
  };

  ReloadReport try_reload(RunTimeChanges changes);
  [[nodiscard]] Candidate look(RunTimeChanges changes) const;
  [[nodiscard]] std::optional<ReadFile> read(Diagnostics& problems) const;
  void take_over(Candidate candidate);
  void run(Config config);

  std::string path_;
  ReadFile file_;
  Config config_;
  SettingsBuilder& builder_;
  Publish publish_;
  Observe observe_;
};

}  // namespace sluice::control
