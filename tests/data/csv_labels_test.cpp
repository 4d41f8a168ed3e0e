// Tables of images and labels: what RFC 4180 allows, the order of labels, and what is refused.

#include "bnn/data/csv_labels.h"

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "support/data_files.h"
#include "support/temporary_directory.h"

namespace bnn::testing {
namespace {

using Catch::Matchers::Contains;
using Names = std::vector<std::string>;

class TableFile {
 public:
  explicit TableFile(const std::string& text) { write_text(path(), text); }
  std::string path() const { return folder_.file("t.csv"); }
  std::string beside(const std::string& name) const { return folder_.file(name); }

 private:
  TemporaryDirectory folder_;
};

DataConfig csv_config(const CsvColumns& columns = {}, const Names& classes = {}) {
  DataConfig config;
  config.format = DataFormat::csv;
  config.csv = columns;
  config.class_folders = classes;
  return config;
}

std::string problem_of(const std::string& text, const CsvColumns& columns = {}) {
  const TableFile table(text);
  try {
    read_csv_rows(table.path(), columns);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::data);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a table of labels is read as RFC 4180 has it") {
  const TableFile table(
      "\xef\xbb\xbf"
      "file,label\r\na/1.png,cat\r\n\"b, \"\"2\"\".png\",\"big\ndog\"\n\nc.png,cat");
  const std::vector<CsvRow> rows = read_csv_rows(table.path(), {});
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].path == table.beside("a/1.png"));
  CHECK(rows[0].name == "a/1.png");
  CHECK(rows[0].label == "cat");
  CHECK(rows[1].name == "b, \"2\".png");
  CHECK(rows[1].label == "big\ndog");
  CHECK(rows[2].name == "c.png");
}

TEST_CASE("columns of a table may be named, and numbers become names of files") {
  const TableFile table("split,class,id\ntrain,7,15\ntrain,10,16\n");
  const std::vector<CsvRow> rows =
      read_csv_rows(table.path(), {.file = "id", .label = "class", .suffix = ".jpg"});
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].name == "16.jpg");
  CHECK(rows[1].label == "10");
}

TEST_CASE("labels follow by size if they are numbers, and by their bytes otherwise") {
  const auto classes = [](const std::string& text, const Names& given = {}) {
    const TableFile table("f,l\n" + text);
    return csv_classes({table.path()}, csv_config({}, given), 0);
  };
  CHECK(classes("a,10\nb,9\nc,9\n") == Names{"9", "10"});
  CHECK(classes("a,x10\nb,x9\n") == Names{"x10", "x9"});
  CHECK(classes("a,1\n", {"2", "1"}) == Names{"2", "1"});
  const TableFile table("f,l\na,u\nb,v\n");
  CHECK_THROWS_WITH(csv_classes({table.path()}, csv_config(), 3),
                    Contains("expected 3 different labels") && Contains("found 2"));
}

TEST_CASE("the images of tables have the labels of their classes, others are all listed") {
  const TableFile table("f,l\na.png,v\nb.png,u\nc.png,v\n");
  const auto files = list_csv_images({table.path()}, csv_config(), {"u", "v"});
  REQUIRE(files.size() == 3);
  CHECK(files[0].label == 1);
  CHECK(files[1].label == 0);
  CHECK(files[2].name == "c.png");
  CHECK_THROWS_WITH(list_csv_images({table.path()}, csv_config(), {"u"}),
                    Contains("the label \"v\" is no class"));
  try {
    list_csv_images({table.path()}, csv_config(), {"w"});
    FAIL("nothing was refused");
  } catch (const Error& error) {
    CHECK(error.details().size() == 2);
  }
}

TEST_CASE("a file has one label, in one table and in several") {
  const TableFile table("f,l\na.png,v\na.png,v\nb.png,u\n"), twice("f,l\na.png,v\n./a.png,u\n");
  CHECK(list_csv_images({table.path()}, csv_config(), {"u", "v"}).size() == 3);
  CHECK_THROWS_WITH(list_csv_images({twice.path()}, csv_config(), {"u", "v"}),
                    Contains("a.png has the labels \"v\" and \"u\"; expected one"));
  write_text(table.beside("more.csv"), "f,l\nb.png,v\n");
  CHECK_THROWS_WITH(
      list_csv_images({table.path(), table.beside("more.csv")}, csv_config(), {"u", "v"}),
      Contains("more.csv: b.png has the labels"));
}

TEST_CASE("a table without headings is refused, and so are columns that no comma parts") {
  const TableFile table("a.png,cat\nb.png,dog\n");
  CHECK(read_csv_rows(table.path(), {}).size() == 1);  // "a.png" may be a heading
  write_text(table.beside("a.png"), "an image");
  CHECK_THROWS_WITH(read_csv_rows(table.path(), {}),
                    Contains("row 1: expected headings, found the name of a file"));
  CHECK_THAT(problem_of("file;label\na.png;cat\n"),
             Contains("found one; columns are separated by commas"));
  CHECK_THAT(problem_of("file\tlabel\na.png\tcat\n"), Contains("separated by commas"));
}

TEST_CASE("tables that make no sense are refused by row") {
  CHECK_THAT(problem_of(""), Contains("t.csv: expected a row of headings"));
  CHECK_THAT(problem_of("file,label\n"), Contains("found headings alone"));
  CHECK_THAT(problem_of("file\na.png\n"), Contains("expected two columns"));
  CHECK_THAT(problem_of("f,l\na.png\n"), Contains("row 2: expected 2 columns, found 1"));
  CHECK_THAT(problem_of("f,l\na.png,x\n,y\n"), Contains("row 3: expected a file's name"));
  CHECK_THAT(problem_of("f,l\na.png,\n"), Contains("row 2: expected a label"));
  CHECK_THAT(problem_of("f,l\na.png,\"x\n"), Contains("quotation mark"));
  CHECK_THAT(problem_of("f,l\na.png,\"x\"y\n"), Contains("quotation mark"));
  CHECK_THAT(problem_of("f,l\na.png,\xff\n"), Contains("expected UTF-8"));
  CHECK_THAT(problem_of("f,l\na.png,x\n", {.file = "id", .label = "", .suffix = ""}),
             Contains("no column \"id\"; found [\"f\",\"l\"]"));
  CHECK_THAT(problem_of("f,l\na.png,x\n", {.file = "", .label = "class", .suffix = ""}),
             Contains("no column \"class\""));
}

}  // namespace bnn::testing
