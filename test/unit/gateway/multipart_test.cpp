// Forms: the field that is found, and what is no form.
#include "gateway/base/multipart.hpp"

#include <gtest/gtest.h>
#include <string>

namespace eryxon::gateway {
namespace {

constexpr std::string_view type = "multipart/form-data; boundary=XX";

std::string part(const std::string& name, const std::string& content) {
    return "--XX\r\nContent-Disposition: form-data; name=" + name + "\r\n\r\n" + content + "\r\n";
}

TEST(Multipart, FindsTheField) {
    std::string const body =
        part("\"note\"", "a") + part("\"file\"; filename=\"a;b.csv\"", "x\r\n--XY\r\n") + "--XX--\r\n";
    EXPECT_EQ(form_field(type, body, "file"), "x\r\n--XY\r\n");
    EXPECT_EQ(form_field("Multipart/Form-Data; charset=utf-8; Boundary=\"XX\"", body, "file"), "x\r\n--XY\r\n");
    EXPECT_EQ(form_field(type, "preamble\r\n" + body, "note"), "a");
    EXPECT_EQ(form_field(type, part("file", "1") + part("file", "2") + "--XX--", "file"), "1");
    EXPECT_EQ(form_field(type, part("\"file\"", "") + "--XX--", "file"), "");
    EXPECT_EQ(form_field(type, "--XX\r\ncontent-disposition:form-data;name=file\r\nX: y\r\n\r\nz\r\n--XX--", "file"),
              "z");
}

TEST(Multipart, RefusesWhatIsNoForm) {
    std::string const body = part("\"file\"", "x") + "--XX--\r\n";
    for (std::string_view const wrong :
         {"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=YY"})
        EXPECT_EQ(form_field(wrong, body, "file"), std::nullopt) << wrong;
    EXPECT_EQ(form_field(type, body, "files"), std::nullopt);
    EXPECT_EQ(form_field(type, "--XX\r\n\r\nname=\"file\"\r\n--XX--", "file"), std::nullopt);
    for (std::size_t size = 0; size + 7 < body.size(); ++size) {
        std::optional<std::string_view> const field = form_field(type, std::string_view(body).substr(0, size), "file");
        EXPECT_TRUE(!field || *field == "x") << size;
    }
}

}  // namespace
}  // namespace eryxon::gateway
