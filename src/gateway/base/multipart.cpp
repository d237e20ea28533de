// Finding one field of a form without copying it. The libraries in Debian that read forms bring an HTTP server of their
// own (cpp-httplib, libmicrohttpd, libonion) or are XML and mail toolkits; none takes a body that was read already.
#include "gateway/base/multipart.hpp"

#include "gateway/base/message.hpp"

#include <string>

namespace eryxon::gateway {

namespace {

constexpr std::size_t longest_boundary = 70;  // RFC 2046
constexpr std::string_view line_end = "\r\n";

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

// The end of a parameter's value that begins at `text`, which may be quoted and then hold semicolons.
std::size_t value_end(std::string_view text) {
    if (!text.starts_with('"')) return std::min(text.find(';'), text.size());
    std::size_t const quote = text.find('"', 1);
    return quote == std::string_view::npos ? text.size() : quote + 1;
}

// The value of a parameter in a header such as `form-data; name="file"`.
std::optional<std::string_view> parameter(std::string_view header, std::string_view name) {
    std::size_t at = header.find(';');
    while (at != std::string_view::npos) {
        header = trim(header.substr(at + 1));
        std::size_t const equals = header.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        std::string_view const found = trim(header.substr(0, equals));
        header = trim(header.substr(equals + 1));
        std::size_t const end = value_end(header);
        std::string_view value = trim(header.substr(0, end));
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
        if (same_name(found, name)) return value;
        at = header.find(';', end);
    }
    return std::nullopt;
}

// True if the headers of a part are those of the field.
bool is_field(std::string_view headers, std::string_view name) {
    constexpr std::string_view disposition = "content-disposition:";
    while (!headers.empty()) {
        std::string_view const line = headers.substr(0, headers.find(line_end));
        headers.remove_prefix(std::min(line.size() + line_end.size(), headers.size()));
        if (line.size() < disposition.size() || !same_name(line.substr(0, disposition.size()), disposition)) continue;
        return parameter(line.substr(disposition.size()), "name") == name;
    }
    return false;
}

}  // namespace

std::optional<std::string_view> form_field(std::string_view content_type, std::string_view body,
                                           std::string_view name) {
    std::optional<std::string_view> const boundary = parameter(content_type, "boundary");
    if (!boundary || boundary->empty() || boundary->size() > longest_boundary) return std::nullopt;
    std::string const first = "--" + std::string(*boundary), next = std::string(line_end) + first;
    if (body.starts_with(first))
        body.remove_prefix(first.size());
    else if (std::size_t const at = body.find(next); at != std::string_view::npos)
        body.remove_prefix(at + next.size());
    else
        return std::nullopt;
    while (!body.starts_with("--")) {
        std::size_t const begin = body.find("\r\n\r\n"), line = body.find(line_end);
        std::size_t const end = begin == std::string_view::npos ? begin : body.find(next, begin + line_end.size());
        if (end == std::string_view::npos || !trim(body.substr(0, line)).empty()) return std::nullopt;
        std::string_view const headers =
            begin == line ? std::string_view() : body.substr(line + line_end.size(), begin - line - line_end.size());
        std::size_t const content = begin + 2 * line_end.size();
        if (is_field(headers, name)) return end < content ? std::string_view() : body.substr(content, end - content);
        body.remove_prefix(end + next.size());
    }
    return std::nullopt;
}

}  // namespace eryxon::gateway
