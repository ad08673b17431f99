// The small parsers and writers below the routes.
#include <gtest/gtest.h>

#include "engine/api/header_lines.h"
#include "engine/api/wire/base64.h"
#include "engine/api/wire/multipart.h"
#include "engine/api/wire/query.h"
#include "engine/api/wire/utf8.h"
#include "engine/base/decimal.h"

namespace hotcell::api {

namespace {

TEST(Multipart, KeepsEveryByteOfAPart) {
    const std::string content("\r\n--\r\n--bound\0--boundar\r\n", 25);
    const auto body =
        "--boundary\r\nContent-Disposition: form-data; name=\"program\"; filename=\"a b.py\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n" +
        content + "\r\n--boundary--\r\n";
    const auto parts = parse_multipart(body, "boundary", 4);
    ASSERT_TRUE(parts) << parts.error().message();
    ASSERT_EQ(parts->size(), 1u);
    EXPECT_EQ(parts->front().name, "program");
    EXPECT_EQ(parts->front().file_name, "a b.py");
    EXPECT_EQ(parts->front().content, content);
}

TEST(Multipart, TakesEmptyPartsAndStopsAtTheLimit) {
    std::string body;
    for (int i = 0; i < 3; ++i) body += "--b\r\ncontent-disposition: FORM-DATA; NAME=e\r\n\r\n\r\n";
    body += "--b--";
    ASSERT_TRUE(parse_multipart(body, "b", 3));
    EXPECT_EQ(parse_multipart(body, "b", 3)->at(2).content, "");
    EXPECT_FALSE(parse_multipart(body, "b", 2));
}

TEST(Multipart, NeverReadsPastATruncatedBody) {
    const std::string whole = "--b\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\ntext\r\n--b--";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const std::string cut = whole.substr(0, size);
        EXPECT_FALSE(parse_multipart(cut, "b", 9)) << cut;
    }
    EXPECT_TRUE(parse_multipart(whole, "b", 9));
}

TEST(Multipart, FindsTheBoundary) {
    EXPECT_EQ(boundary_of("multipart/form-data; boundary=----WebKit1").value(), "----WebKit1");
    EXPECT_EQ(boundary_of("Multipart/Form-Data; charset=utf-8; boundary=\"a b\"").value(), "a b");
    EXPECT_FALSE(boundary_of("multipart/form-data; boundary=" + std::string(71, 'x')));
    EXPECT_FALSE(boundary_of("multipart/form-data; boundary=\"a\r\nb\""));
}

TEST(Query, DecodesPercentButNotPlus) {
    const auto fields = parse_query("a=%41%2b+&b&c=");
    ASSERT_TRUE(fields);
    EXPECT_EQ(*fields, (QueryFields{{"a", "A++"}, {"b", ""}, {"c", ""}}));
}

TEST(Query, ReadsQuantities) {
    EXPECT_EQ(parse_bytes("m", "1.5MiB", {}, mebibytes(9)).value(), kibibytes(1536));
    EXPECT_EQ(parse_bytes("m", "7K", {}, mebibytes(9)).value(), kibibytes(7));
    EXPECT_FALSE(parse_bytes("m", "1.5", {}, mebibytes(9)));
    EXPECT_EQ(parse_duration("t", "1.25s", Millis(1), Millis(9'000)).value(), Millis(1250));
    EXPECT_EQ(parse_duration("t", "2m", Millis(1), Millis(900'000)).value(), Millis(120'000));
    EXPECT_FALSE(parse_duration("t", "1. s", Millis(1), Millis(9'000)));
}

TEST(Decimal, WritesNumbersWithAFixedPoint) {
    const auto text = [](std::uint64_t value, int places) {
        std::string out = "=";
        append_decimal(out, value, places);
        return out;
    };
    EXPECT_EQ(text(0, 3), "=0.000");
    EXPECT_EQ(text(5, 3), "=0.005");
    EXPECT_EQ(text(35, 2), "=0.35");
    EXPECT_EQ(text(123, 2), "=1.23");
    EXPECT_EQ(text(1000, 3), "=1.000");
    EXPECT_EQ(text(7, 0), "=7");
    EXPECT_EQ(text(UINT64_MAX, 2), "=184467440737095516.15");
}

TEST(HeaderLines, HoldWhatIsSentAndNothingThatWouldEndALine) {
    HeaderLines headers{{"X-One", "1"}};
    headers.add("X-Two", "a b\xe9");
    for (const std::string bad : {"a\r\nX-Evil: 1", "a\nb", "tab\t", "\x7f"}) headers.add("X-Bad", bad);
    headers.add("X-Bad", std::string_view("a\0b", 3));
    EXPECT_EQ(headers.bytes(), "X-One: 1\r\nX-Two: a b\xe9\r\n");
    EXPECT_TRUE(headers.has("X-One") && headers.has("X-Two"));
    EXPECT_FALSE(headers.has("X") || headers.has("One") || headers.has("X-Evil") || headers.has("1"));
    EXPECT_FALSE(HeaderLines().has("X-One"));
}

TEST(Utf8, AcceptsWellFormedAndNothingElse) {
    for (const char* good : {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xef\xbf\xbf",
                             "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(is_utf8(good)) << good;
    for (const char* bad :
         {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
          "\xf5\x80\x80\x80", "\xff", "\xc2", "\xe1\x80", "\xf1\x80\x80", "\xc2\x41"})
        EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Base64, DecodesInPiecesWhatItCoded) {
    std::string bytes;
    for (int i = 0; i < 10'000; ++i) bytes.push_back(static_cast<char>(i * 7));
    for (std::size_t size = 9'990; size < bytes.size(); ++size) {
        const auto coded = base64(bytes.substr(0, size));
        for (const std::size_t piece : {1, 3, 4, 5, 4'096, 20'000}) {
            Base64Decoder decoder;
            for (std::size_t at = 0; at < coded.size(); at += piece) ASSERT_TRUE(decoder.add(coded.substr(at, piece)));
            ASSERT_TRUE(decoder.finish());
            ASSERT_EQ(decoder.bytes(), bytes.substr(0, size));
        }
    }
    for (const char* bad : {"Zg", "Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Z===", "====", "Zm9v\n", "Zm-v", "Zm9vZ", "=Zm9"})
        EXPECT_FALSE(decode_base64(bad, bytes)) << bad;
}

TEST(Base64, PadsAsTheStandardSays) {
    for (const auto& [plain, coded] :
         {std::pair{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}})
        EXPECT_EQ(base64(plain), coded);
}

}  // namespace

}  // namespace hotcell::api
