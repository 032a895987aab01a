#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::load {

/// What placeholders stand for in one request.
struct TemplateValues {
  std::uint64_t connection = 0;  ///< its number, from 0, unique over all workers
  std::uint64_t request = 0;     ///< likewise
  std::mt19937_64& random;
};

/// Text with placeholders in double braces, filled in for each request:
///   {{connection}}, {{request}}            its number, from 0
///   {{connection:1-100}}, {{request:1-100}} the same, counted round within a range
///   {{random:1-100}}                       a number from a range
///   {{pick:red|green|blue}}                one of these words
class TextTemplate {
 public:
  TextTemplate() = default;
  /// Throws std::invalid_argument with a message for the operator; `what` names the option.
  TextTemplate(std::string_view text, const std::string& what);
  /// Text whose braces mean themselves.
  static TextTemplate literal(std::string text);

  /// Whether it has no placeholder.
  [[nodiscard]] bool fixed() const { return pieces_.empty(); }
  /// Whether it is the same in all requests of a connection.
  [[nodiscard]] bool fixed_on_connection() const;
  /// The text behind the last placeholder; all of it when fixed().
  [[nodiscard]] const std::string& text() const { return rest_; }
  /// Appends the text as it is for these values.
  void append_to(std::string& out, const TemplateValues& values) const;
  /// For setup and tests.
  [[nodiscard]] std::string filled(const TemplateValues& values) const;

 private:
  enum class Kind : std::uint8_t { kConnection, kRequest, kRandom, kPick };

  struct Piece {
    std::string before;  // the literal text in front of the placeholder
    Kind kind = Kind::kConnection;
    std::uint64_t first = 0;
    std::uint64_t count = 0;  // size of the range; 0: no range
    std::vector<std::string> words;
  };

  static Piece parse(std::string_view inside, const std::string& what);

  std::vector<Piece> pieces_;
  std::string rest_;
};

}  // namespace sluice::load
