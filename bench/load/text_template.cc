#include "bench/load/text_template.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "bench/common/option_values.h"

namespace sluice::load {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";

[[noreturn]] void refuse(const std::string& what, std::string_view inside) {
  throw std::invalid_argument(what + ": {{" + std::string(inside) +
                              "}} is not {{connection}}, {{request}} (either with :LOW-HIGH), " +
                              "{{random:LOW-HIGH}} or {{pick:a|b|c}}");
}

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

}  // namespace

TextTemplate::TextTemplate(std::string_view text, const std::string& what) {
  for (std::size_t open = text.find(kOpen); open != std::string_view::npos;
       open = text.find(kOpen)) {
    const std::size_t close = text.find(kClose, open);
    if (close == std::string_view::npos) {
      throw std::invalid_argument(what + ": {{ without }}");
    }
    const std::size_t inside = open + kOpen.size();
    Piece piece = parse(text.substr(inside, close - inside), what);
    piece.before = text.substr(0, open);
    pieces_.push_back(std::move(piece));
    text.remove_prefix(close + kClose.size());
  }
  rest_ = text;
}

TextTemplate TextTemplate::literal(std::string text) {
  TextTemplate made;
  made.rest_ = std::move(text);
  return made;
}

bool TextTemplate::fixed_on_connection() const {
  return std::ranges::all_of(pieces_,
                             [](const Piece& piece) { return piece.kind == Kind::kConnection; });
}

TextTemplate::Piece TextTemplate::parse(std::string_view inside, const std::string& what) {
  const std::size_t colon = inside.find(':');
  const std::string_view name = inside.substr(0, colon);
  const bool bare = colon == std::string_view::npos;
  const std::string argument(bare ? std::string_view() : inside.substr(colon + 1));
  Piece piece;
  if (name == "pick" && !bare) {
    piece.kind = Kind::kPick;
    piece.words = bench::split(argument, '|');
    return piece;
  }
  if (name == "connection") {
    piece.kind = Kind::kConnection;
  } else if (name == "request") {
    piece.kind = Kind::kRequest;
  } else if (name == "random" && !bare) {
    piece.kind = Kind::kRandom;
  } else {
    refuse(what, inside);
  }
  if (bare) return piece;
  const auto [low, high] = bench::parse_range(what + " {{" + std::string(inside) + "}}", argument);
  piece.first = low;
  piece.count = high - low + 1;
  return piece;
}

void TextTemplate::append_to(std::string& out, const TemplateValues& values) const {
  for (const Piece& piece : pieces_) {
    out += piece.before;
    const auto in_range = [&piece](std::uint64_t number) {
      return piece.count == 0 ? number : piece.first + number % piece.count;
    };
    switch (piece.kind) {
      case Kind::kConnection:
        append_number(out, in_range(values.connection));
        break;
      case Kind::kRequest:
        append_number(out, in_range(values.request));
        break;
      case Kind::kRandom:
        append_number(out, in_range(values.random()));
        break;
      case Kind::kPick:
        out += piece.words[values.random() % piece.words.size()];
        break;
    }
  }
  out += rest_;
}

std::string TextTemplate::filled(const TemplateValues& values) const {
  std::string out;
  append_to(out, values);
  return out;
}

}  // namespace sluice::load
