#include "bnn/files/safetensors.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "support/temporary_directory.h"

namespace {

using bnn::Error;
using bnn::ErrorKind;
using bnn::TensorView;
using bnn::testing::TemporaryDirectory;
using Catch::Matchers::Contains;

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string little_endian(std::uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  return bytes;
}

std::string file_with(const std::string& header, const std::string& data) {
  return little_endian(header.size()) + header + data;
}

// Reads a file that holds these bytes; returns the message of the Error, or "accepted".
std::string reading(const std::string& bytes) {
  const TemporaryDirectory folder;
  std::ofstream(folder.file("f"), std::ios::binary) << bytes;
  try {
    bnn::read_safetensors(folder.file("f"));
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK(error.kind() == ErrorKind::checkpoint);
    CHECK(message.find(folder.file("f") + ": ") == 0);
    CHECK(message.size() <= 480);
    for (const char c : message) CHECK(static_cast<unsigned char>(c) >= 0x20);
    return message;
  }
  return "accepted";
}

// A header with one tensor "a", put together from its fields.
std::string one_tensor(const std::string& dtype, const std::string& shape,
                       const std::string& offsets) {
  return "{\"a\":{\"dtype\":" + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets +
         "}}";
}

// Reads a file with two float32 tensors of two elements at these offsets and 16 bytes of data.
std::string reading_offsets(const std::string& first, const std::string& second) {
  return reading(
      file_with("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" + first +
                    "},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" + second + "}}",
                std::string(16, '\0')));
}

std::string reading_shape(const std::string& shape, std::size_t data_bytes = 16) {
  return reading(file_with(one_tensor("\"F32\"", shape, "[0," + std::to_string(data_bytes) + "]"),
                           std::string(data_bytes, '\0')));
}

std::string reading_name(const std::string& name_in_json) {
  return reading(file_with(
      "{\"" + name_in_json + "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
      "abcd"));
}

std::string reading_metadata(const std::string& metadata) {
  return reading(file_with("{\"__metadata__\":" + metadata + "}", ""));
}

ErrorKind kind_of_writing(const std::map<std::string, std::string>& metadata,
                          const std::vector<TensorView>& tensors) {
  const TemporaryDirectory folder;
  try {
    bnn::write_safetensors(folder.file("f"), metadata, tensors);
  } catch (const Error& error) {
    CHECK(std::filesystem::is_empty(folder.path()));
    return error.kind();
  }
  FAIL("expected an Error");
  return ErrorKind::usage;
}

ErrorKind kind_of_writing(const TensorView& tensor) { return kind_of_writing({}, {tensor}); }

}  // namespace

TEST_CASE("a safetensors file has exactly the bytes that the format asks for") {
  const TemporaryDirectory folder;
  const std::vector<float> one = {1.0f, -2.0f}, other = {0.5f};
  const std::vector<TensorView> tensors = {{"b", {2, 1}, one}, {"a", {}, other}};
  bnn::write_safetensors(folder.file("f"), {{"k", "v\"\n"}}, tensors);
  // Sorted by name; 138 characters and 6 spaces, so that the data begins at byte 152.
  const std::string header =
      "{\"__metadata__\":{\"k\":\"v\\\"\\n\"},"
      "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
      "\"b\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[4,12]}}";
  REQUIRE(header.size() == 138);
  const std::string data("\x00\x00\x00\x3F\x00\x00\x80\x3F\x00\x00\x00\xC0", 12);
  CHECK(contents_of(folder.file("f")) == file_with(header + std::string(6, ' '), data));
}

TEST_CASE("what is written to a safetensors file is read back, sorted by name") {
  const TemporaryDirectory folder;
  std::vector<float> values(24);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) * 0.25f - 3.0f;
  const std::vector<float> scalar = {7.0f};
  const std::vector<TensorView> tensors = {
      {"z/kernel", {2, 3, 4}, values}, {"a", {}, scalar}, {"gr\xC3\xBC\xC3\x9F", {0, 5}, {}}};
  const std::map<std::string, std::string> metadata = {{"config", "{\"a\": \"\xE2\x82\xAC\\n\"}"},
                                                       {"empty", ""}};
  bnn::write_safetensors(folder.file("f"), metadata, tensors);
  const bnn::SafetensorsFile file = bnn::read_safetensors(folder.file("f"));
  CHECK(file.metadata == metadata);
  REQUIRE(file.tensors.size() == 3);
  CHECK(file.tensors[0].name == "a");
  CHECK(file.tensors[0].shape.empty());
  CHECK(file.tensors[0].values == scalar);
  CHECK(file.tensors[1].name == "gr\xC3\xBC\xC3\x9F");
  CHECK(file.tensors[1].shape == std::vector<std::int64_t>{0, 5});
  CHECK(file.tensors[2].shape == std::vector<std::int64_t>{2, 3, 4});
  CHECK(file.tensors[2].values == values);
}

TEST_CASE("safetensors headers may order their keys and spaces as they like") {
  const TemporaryDirectory folder;
  const std::string header =
      "{ \"b\" : {\"data_offsets\": [0, 4], \"shape\": [1], \"dtype\": \"F32\"},\n"
      " \"a\" : {\"shape\":[1, 1],\"dtype\":\"F32\",\"data_offsets\":[4,8]} }    ";
  std::ofstream(folder.file("f"), std::ios::binary)
      << file_with(header, std::string("\x00\x00\x80\x3F\x00\x00\x00\x40", 8));
  const bnn::SafetensorsFile file = bnn::read_safetensors(folder.file("f"));
  REQUIRE(file.tensors.size() == 2);
  CHECK(file.tensors[0].name == "a");
  CHECK(file.tensors[0].values == std::vector<float>{2.0f});
  CHECK(file.tensors[1].values == std::vector<float>{1.0f});
  CHECK(reading(file_with("{}", "")) == "accepted");
}

TEST_CASE("safetensors files shorter or longer than they say are refused") {
  const std::string whole = file_with(one_tensor("\"F32\"", "[1]", "[0,4]"), "abcd");
  REQUIRE(reading(whole) == "accepted");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(reading(whole.substr(0, size)) != "accepted");
  }
  CHECK_THAT(reading(whole + "x"), Contains("expected 4 bytes of data behind the header, found 5"));
  CHECK_THAT(reading(whole + std::string(1024, '\0')), Contains("found 1028"));
  CHECK_THAT(reading(""), Contains("not a safetensors file: only 0 bytes long"));
}

TEST_CASE("safetensors header lengths that do not fit the file are refused") {
  const std::string rest = one_tensor("\"F32\"", "[1]", "[0,4]") + "abcd";
  for (const std::uint64_t length :
       {std::uint64_t{1} << 31, std::uint64_t{1} << 32, std::uint64_t{1} << 53,
        std::uint64_t{1} << 63, ~std::uint64_t{0}, ~std::uint64_t{0} - 7, std::uint64_t{100000001},
        std::uint64_t{rest.size() + 1}}) {
    CAPTURE(length);
    CHECK_THAT(reading(little_endian(length) + rest), Contains("does not fit a file of"));
  }
  for (const std::uint64_t length : {0u, 1u, 7u}) {
    CAPTURE(length);
    CHECK_THAT(reading(little_endian(length) + rest), Contains("header"));
  }
  CHECK_THAT(reading(little_endian(rest.size()) + rest), Contains("not valid JSON"));
  const std::size_t large = (std::size_t{16} << 20) + 1;
  CHECK_THAT(reading(file_with("{}" + std::string(large - 2, ' '), "")),
             Contains("expected a header of at most 16777216 bytes, found 16777217"));
}

TEST_CASE("safetensors headers that are not one plain JSON object are refused") {
  for (const std::string& header :
       {std::string(" {}"), std::string("\xEF\xBB\xBF{}"), std::string("[]"), std::string("{"),
        std::string("{}}"), std::string("{}{}"), std::string("{} x"), std::string("{}\0", 3),
        std::string("{\0}", 3), std::string("{/**/}"), std::string("{\"a\":NaN}"),
        std::string("{\"a\":1e999}"), std::string("{'a':1}"), std::string("{\"a\":{},}"),
        std::string("{\"\xFF\":{}}"), std::string("{\"\\ud800\":{}}"), std::string("{\"a\"}")}) {
    CAPTURE(header);
    CHECK_THAT(reading(file_with(header, "")), Contains("header"));
  }
  CHECK_THAT(reading(file_with("{\"a\":1}", "")),
             Contains("header: expected an object as the value of \"a\", found a number"));
  for (const std::string value : {"null", "true", "-1", "1.5", "\"x\"", "[]"}) {
    CAPTURE(value);
    CHECK_THAT(reading(file_with("{\"a\":" + value + "}", "")), Contains("expected an object"));
  }
}

TEST_CASE("deep nesting and many entries in a safetensors header end early") {
  const std::string deep(100000, '[');
  CHECK_THAT(reading_metadata("{\"a\":" + deep), Contains("found a list"));
  CHECK_THAT(reading_shape(deep), Contains("found a list"));
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  CHECK_THAT(reading(file_with(objects, "")), Contains("unknown key"));
  CHECK_THAT(reading(file_with("{\"__metadata__\":" + objects, "")), Contains("found an object"));

  std::string tensors = "{\"0";
  for (int i = 1; i <= 65536; ++i) {
    tensors += "\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}";
    if (i == 65536) CHECK(reading(file_with(tensors + "}", "")) == "accepted");
    tensors += ",\"" + std::to_string(i);
  }
  tensors += "\":{}}";
  CHECK_THAT(reading(file_with(tensors, "")), Contains("more than 65536 tensors"));
  std::string entries = "{\"0\":\"\"";
  for (int i = 1; i <= 1024; ++i) entries += ",\"" + std::to_string(i) + "\":\"\"";
  CHECK_THAT(reading_metadata(entries + "}"), Contains("more than 1024 entries"));
}

TEST_CASE("safetensors metadata must be strings under keys that appear once") {
  CHECK(reading_metadata("{\"a\":\"b\"}") == "accepted");
  for (const std::string value : {"1", "null", "true", "1.5", "-1", "[]", "{}"}) {
    CAPTURE(value);
    CHECK_THAT(reading_metadata("{\"a\":" + value + "}"),
               Contains("__metadata__: expected a string as the value of \"a\", found"));
  }
  CHECK_THAT(reading_metadata("{\"a\":\"b\",\"a\":\"b\"}"), Contains("key \"a\" appears twice"));
  CHECK_THAT(reading_metadata("{},\"__metadata__\":{}"),
             Contains("key \"__metadata__\" appears twice"));
}

TEST_CASE("safetensors tensor entries need their three fields, once, and no other") {
  const std::string data(4, '\0');
  const auto fields = [&](const std::string& text) {
    return reading(file_with("{\"a\":{" + text + "}}", data));
  };
  const std::string dtype = "\"dtype\":\"F32\"", shape = "\"shape\":[1]",
                    offsets = "\"data_offsets\":[0,4]";
  CHECK(fields(dtype + "," + shape + "," + offsets) == "accepted");
  CHECK_THAT(fields(shape + "," + offsets), Contains("tensor \"a\": dtype is missing"));
  CHECK_THAT(fields(dtype + "," + offsets), Contains("tensor \"a\": shape is missing"));
  CHECK_THAT(fields(dtype + "," + shape), Contains("tensor \"a\": data_offsets is missing"));
  CHECK_THAT(fields(dtype + "," + shape + "," + offsets + "," + shape),
             Contains("key \"shape\" appears twice"));
  CHECK_THAT(fields(dtype + "," + shape + "," + offsets + ",\"x\":1"),
             Contains("unknown key \"x\""));
  const std::string tensor = "\"a\":{" + dtype + "," + shape + "," + offsets + "}";
  CHECK_THAT(reading(file_with("{" + tensor + "," + tensor + "}", data)),
             Contains("key \"a\" appears twice"));
}

TEST_CASE("safetensors tensors of another type than F32 are refused") {
  for (const std::string dtype : {"F64", "F16", "BF16", "I32", "f32", "F4", ""}) {
    CHECK_THAT(reading(file_with(one_tensor("\"" + dtype + "\"", "[1]", "[0,4]"), "abcd")),
               Contains("tensor \"a\": expected dtype \"F32\", found \"" + dtype + "\""));
  }
  CHECK_THAT(reading(file_with(one_tensor("32", "[1]", "[0,4]"), "abcd")),
             Contains("expected a string as dtype, found a number"));
  CHECK_THAT(reading(file_with(one_tensor("[\"F32\"]", "[1]", "[0,4]"), "abcd")),
             Contains("expected a string as dtype, found a list"));
}

TEST_CASE("safetensors shapes that are malformed, overflow or do not fit are refused") {
  CHECK(reading_shape("[4]") == "accepted");
  CHECK(reading_shape("[2,2]") == "accepted");
  CHECK(reading_shape("[]", 4) == "accepted");
  CHECK(reading_shape("[7,0]", 0) == "accepted");
  // 4194305 * 4194305 * 211106198978564 is 4 modulo 2^64.
  CHECK_THAT(reading_shape("[4194305,4194305,211106198978564]"), Contains("larger than any file"));
  CHECK_THAT(reading_shape("[4611686018427387904]", 0), Contains("larger than any file"));
  CHECK_THAT(reading_shape("[4611686018427387904,4,0]", 0), Contains("larger than any file"));
  CHECK_THAT(reading_shape("[9223372036854775808]"), Contains("found 9223372036854775808"));
  CHECK_THAT(reading_shape("[18446744073709551616]"), Contains("found a fraction"));
  CHECK_THAT(reading_shape("[-4]"), Contains("found a negative number"));
  CHECK_THAT(reading_shape("[4.0]"), Contains("found a fraction"));
  CHECK_THAT(reading_shape("[\"4\"]"), Contains("found a string"));
  CHECK_THAT(reading_shape("[[4]]"), Contains("found a list"));
  CHECK_THAT(reading_shape("4"), Contains("expected a list of whole numbers as shape"));
  CHECK_THAT(reading_shape("null"), Contains("found null"));
  CHECK_THAT(reading_shape("[3]"), Contains("needs 12 bytes, but data_offsets span 16"));
  CHECK_THAT(reading_shape("[5]"), Contains("needs 20 bytes, but data_offsets span 16"));
  std::string ranks = "[1";
  for (int i = 0; i < 31; ++i) ranks += ",1";
  CHECK(reading_shape(ranks + "]", 4) == "accepted");
  CHECK_THAT(reading_shape(ranks + ",1]", 4), Contains("at most 32 dimensions"));
}

TEST_CASE("safetensors offsets must be two whole numbers") {
  CHECK_THAT(reading_offsets("[0,8.0]", "[8,16]"), Contains("found a fraction"));
  CHECK_THAT(reading_offsets("[-8,0]", "[8,16]"), Contains("found a negative number"));
  CHECK_THAT(reading_offsets("[\"0\",8]", "[8,16]"), Contains("found a string"));
  CHECK_THAT(reading_offsets("[8]", "[8,16]"), Contains("expected two data_offsets, found 1"));
  CHECK_THAT(reading_offsets("[]", "[8,16]"), Contains("expected two data_offsets, found 0"));
  CHECK_THAT(reading_offsets("[0,8,16]", "[8,16]"), Contains("found more"));
  CHECK_THAT(reading_offsets("{\"0\":8}", "[8,16]"), Contains("found an object"));
  CHECK_THAT(reading_offsets("\"0,8\"", "[8,16]"), Contains("found a string"));
}

TEST_CASE("safetensors tensors must tile the data without hole or overlap") {
  CHECK(reading_offsets("[0,8]", "[8,16]") == "accepted");
  CHECK(reading_offsets("[8,16]", "[0,8]") == "accepted");
  CHECK_THAT(reading_offsets("[8,0]", "[8,16]"), Contains("do not lie in order"));
  CHECK_THAT(reading_offsets("[0,8]", "[0,8]"), Contains("tensor \"b\" overlaps another"));
  CHECK_THAT(reading_offsets("[0,8]", "[4,12]"), Contains("tensor \"b\" overlaps another"));
  CHECK_THAT(reading_offsets("[4,12]", "[12,20]"), Contains("16 bytes of data"));
  CHECK_THAT(reading_offsets("[0,8]", "[16,24]"), Contains("do not lie in order within the 16"));
  CHECK_THAT(reading_offsets("[18446744073709551608,18446744073709551615]", "[8,16]"),
             Contains("do not lie in order"));
  CHECK_THAT(reading_offsets("[0,18446744073709551615]", "[8,16]"),
             Contains("do not lie in order"));
  const auto one_of_two = [](const std::string& offsets) {
    return reading(file_with(one_tensor("\"F32\"", "[2]", offsets), std::string(16, '\0')));
  };
  CHECK_THAT(one_of_two("[0,8]"), Contains("expected 8 bytes of data behind the header, found 16"));
  CHECK_THAT(one_of_two("[8,16]"),
             Contains("leaves a hole before it; expected its data at byte 0"));
}

TEST_CASE("safetensors tensor names must be printable and short") {
  CHECK(reading_name("../../x") == "accepted");  // a name is a label, never a path
  CHECK(reading_name(std::string(256, 'n')) == "accepted");
  for (const std::string& name :
       {std::string(257, 'n'), std::string(), std::string("a\\nb"), std::string("a\\u001b[31m"),
        std::string("a\\u0000"), std::string("a\x7F"), std::string(65536, 'x')}) {
    CAPTURE(name);
    CHECK_THAT(reading_name(name), Contains("the name must have 1 to 256 bytes"));
  }
  CHECK_THAT(reading_name("a\xC3"), Contains("not valid JSON"));
}

TEST_CASE("the safetensors writer refuses what the reader would refuse") {
  const std::vector<float> two = {1.0f, 2.0f};
  CHECK(kind_of_writing({"a", {3}, two}) == ErrorKind::internal);
  CHECK(kind_of_writing({"a", {-2, -1}, two}) == ErrorKind::internal);
  CHECK(kind_of_writing({"a", {std::int64_t{1} << 62, 4}, {}}) == ErrorKind::internal);
  CHECK(kind_of_writing({"a", std::vector<std::int64_t>(33, 1), {two.data(), 1}}) ==
        ErrorKind::internal);
  CHECK(kind_of_writing({"", {2}, two}) == ErrorKind::internal);
  CHECK(kind_of_writing({"__metadata__", {2}, two}) == ErrorKind::internal);
  CHECK(kind_of_writing({"a\n", {2}, two}) == ErrorKind::internal);
  CHECK(kind_of_writing({"a\xFF", {2}, two}) == ErrorKind::internal);

  const std::vector<TensorView> twins = {{"a", {2}, two}, {"a", {2}, two}};
  CHECK(kind_of_writing({}, twins) == ErrorKind::internal);
  CHECK(kind_of_writing({{"k", "\x1B"}}, {}) == ErrorKind::internal);
  CHECK(kind_of_writing({{"k", std::string(std::size_t{16} << 20, 'x')}}, {}) ==
        ErrorKind::checkpoint);
  std::vector<TensorView> many(65537);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = {std::to_string(i), {0}, {}};
  CHECK(kind_of_writing({}, many) == ErrorKind::checkpoint);
}

TEST_CASE("files of other programs hold numbers of any type, and floating-point ones are read") {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},)"
      R"("steps":{"dtype":"I64","shape":[],"data_offsets":[4,12]},)"
      R"("h":{"dtype":"F16","shape":[1,1],"data_offsets":[12,14]},)"
      R"("d":{"dtype":"F64","shape":[1],"data_offsets":[14,22]}})";
  const std::string data = std::string("\xC0\x3F\x00\xC0", 4) + std::string(8, '\1') +
                           std::string("\x00\x3E", 2) + std::string("\0\0\0\0\0\0\x04\x40", 8);
  const TemporaryDirectory folder;
  std::ofstream(folder.file("f"), std::ios::binary) << file_with(header, data);
  CHECK(bnn::read_safetensors_metadata(folder.file("f")).at("format") == "pt");
  bnn::InputFile input(folder.file("f"), ErrorKind::checkpoint);
  const bnn::SafetensorsFile file = bnn::read_safetensors(input, bnn::TensorNumbers::any);
  REQUIRE(file.tensors.size() == 3);
  CHECK(file.tensors[0].values == std::vector<float>{2.5f});
  CHECK(file.tensors[1].shape == std::vector<std::int64_t>{1, 1});
  CHECK(file.tensors[1].values == std::vector<float>{1.5f});
  CHECK(file.tensors[2].values == std::vector<float>{1.5f, -2.0f});
  CHECK(file.without_values == std::vector<std::string>{"steps"});
  CHECK_THAT(reading(file_with(header, data)), Contains("expected dtype \"F32\""));
}

TEST_CASE("in files of other programs, shapes and offsets are checked by the size of the type") {
  const auto reading_any = [](const std::string& dtype, const std::string& offsets,
                              std::size_t bytes) {
    const TemporaryDirectory folder;
    std::ofstream(folder.file("f"), std::ios::binary)
        << file_with(one_tensor("\"" + dtype + "\"", "[3]", offsets), std::string(bytes, '\0'));
    bnn::InputFile input(folder.file("f"), ErrorKind::checkpoint);
    try {
      bnn::read_safetensors(input, bnn::TensorNumbers::any);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK(reading_any("F16", "[0,6]", 6) == "accepted");
  CHECK(reading_any("I64", "[0,24]", 24) == "accepted");
  CHECK_THAT(reading_any("F16", "[0,12]", 12), Contains("the shape needs 6 bytes"));
  CHECK_THAT(reading_any("F64", "[0,12]", 12), Contains("the shape needs 24 bytes"));
  CHECK_THAT(reading_any("F17", "[0,12]", 12), Contains("unknown dtype \"F17\""));
}
