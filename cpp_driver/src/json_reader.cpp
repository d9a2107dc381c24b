#include "json_reader.hpp"

#include <cctype>

namespace profiler::driver {
namespace {

constexpr int kMaxDepth = 200;

class Parser {
 public:
  explicit Parser(std::string_view text) : mText(text) {}

  JsonValue document() {
    JsonValue value = parseValue(0);
    skipSpace();
    if (mAt != mText.size()) fail("text after the document");
    return value;
  }

 private:
  [[noreturn]] void fail(std::string const& what) const { throw JsonSyntaxError(what + " at offset " + std::to_string(mAt)); }

  char peek() const { return mAt < mText.size() ? mText[mAt] : '\0'; }
  void skipSpace() {
    while (mAt < mText.size() && (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t')) ++mAt;
  }
  bool take(char expected) {
    skipSpace();
    if (peek() != expected) return false;
    ++mAt;
    return true;
  }
  void require(char expected) {
    if (!take(expected)) fail(std::string("expected '") + expected + "'");
  }
  bool takeWord(std::string_view word) {
    if (mText.substr(mAt, word.size()) != word) return false;
    mAt += word.size();
    return true;
  }

  JsonValue parseValue(int depth) {
    if (depth > kMaxDepth) fail("nested too deep");
    skipSpace();
    JsonValue value;
    if (peek() == '{') return parseObject(depth);
    if (peek() == '[') return parseArray(depth);
    if (peek() == '"') {
      value.kind = JsonValue::Kind::kString;
      value.text = parseString();
    } else if (takeWord("true") || takeWord("false")) {
      value.kind = JsonValue::Kind::kBool;
      value.truth = mText[mAt - 2] == 'u';
    } else if (!takeWord("null")) {
      value.kind = JsonValue::Kind::kNumber;
      value.text = parseNumber();
    }
    return value;
  }

  JsonValue parseObject(int depth) {
    JsonValue value;
    value.kind = JsonValue::Kind::kObject;
    require('{');
    if (take('}')) return value;
    do {
      skipSpace();
      std::string name = parseString();
      require(':');
      value.members.emplace_back(std::move(name), parseValue(depth + 1));
    } while (take(','));
    require('}');
    return value;
  }

  JsonValue parseArray(int depth) {
    JsonValue value;
    value.kind = JsonValue::Kind::kArray;
    require('[');
    if (take(']')) return value;
    do {
      value.items.push_back(parseValue(depth + 1));
    } while (take(','));
    require(']');
    return value;
  }

  std::string parseNumber() {
    std::size_t const start = mAt;
    while (mAt < mText.size() &&
           (std::isdigit(static_cast<unsigned char>(peek())) || std::string_view("+-.eE").find(peek()) != std::string_view::npos))
      ++mAt;
    if (mAt == start) fail("expected a value");
    return std::string(mText.substr(start, mAt - start));
  }

  unsigned parseHex4() {
    unsigned code = 0;
    for (int i = 0; i < 4; ++i, ++mAt) {
      char const digit = peek();
      if (!std::isxdigit(static_cast<unsigned char>(digit))) fail("broken \\u escape");
      code = code * 16 + static_cast<unsigned>(std::isdigit(static_cast<unsigned char>(digit)) ? digit - '0' : (digit | 0x20) - 'a' + 10);
    }
    return code;
  }

  void appendUtf8(std::string& out, unsigned code) {
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0 | code >> 6);
      out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0 | code >> 12);
      out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      out += static_cast<char>(0xF0 | code >> 18);
      out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
      out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    }
  }

  void parseEscape(std::string& out) {
    static constexpr std::string_view kNames = "\"\\/bfnrt", kValues = "\"\\/\b\f\n\r\t";
    char const name = peek();
    ++mAt;
    if (name == 'u') {
      unsigned code = parseHex4();
      if (code >= 0xD800 && code < 0xDC00 && takeWord("\\u")) code = 0x10000 + ((code - 0xD800) << 10) + (parseHex4() - 0xDC00);
      return appendUtf8(out, code);
    }
    std::size_t const index = kNames.find(name);
    if (index == std::string_view::npos) fail("unknown escape");
    out += kValues[index];
  }

  std::string parseString() {
    if (peek() != '"') fail("expected a string");
    ++mAt;
    std::string out;
    while (peek() != '"') {
      if (mAt >= mText.size()) fail("unterminated string");
      if (peek() == '\\') {
        ++mAt;
        parseEscape(out);
      } else {
        out += mText[mAt++];
      }
    }
    ++mAt;
    return out;
  }

  std::string_view mText;
  std::size_t mAt = 0;
};

}  // namespace

JsonValue const* JsonValue::find(std::string_view name) const {
  for (auto const& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string JsonValue::textOf(std::string_view name) const {
  JsonValue const* value = find(name);
  return value && value->kind == Kind::kString ? value->text : std::string();
}

JsonValue parseJson(std::string_view text) { return Parser(text).document(); }

}  // namespace profiler::driver
