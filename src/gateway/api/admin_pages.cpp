// Reading the files of the admin pages, and the headers that keep others' scripts out of them.
#include "gateway/api/admin_pages.hpp"

#include "core/json/canonical.hpp"
#include "gateway/base/failure.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace eryxon::gateway {

namespace {

constexpr std::size_t most_bytes = 32 * 1024 * 1024;  // of all files: a wrong folder must not fill the memory
constexpr std::string_view first_page = "index.html";
constexpr std::string_view hashed_files = "assets/";  // names that change with their content

constexpr const char* policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

struct Type {
    std::string_view extension;
    std::string_view type;
};
constexpr std::array types = std::to_array<Type>({
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".json", "application/json"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
});

std::string_view type_of(const std::string& extension) {
    auto const found =
        std::find_if(types.begin(), types.end(), [&](const Type& type) { return type.extension == extension; });
    return found == types.end() ? "application/octet-stream" : found->type;
}

std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(file), {}};
    if (!file) throw std::runtime_error("cannot read " + path.string());
    return content;
}

bool knows(const Request& request, const std::string& etag) {
    const HeaderView* known = request.find("if-none-match");
    return known != nullptr && (known->value == "*" || known->value.find(etag) != std::string_view::npos);
}

}  // namespace

AdminPages::AdminPages(const std::string& folder) {
    if (folder.empty()) return;
    std::size_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file() || entry.is_symlink()) continue;
        bytes += entry.file_size();
        if (bytes > most_bytes) throw std::runtime_error("the folder of the admin pages holds too much: " + folder);
        std::string content = read(entry.path());
        std::string etag = '"' + core::sha256_hex(content).substr(0, 32) + '"';
        std::string name = entry.path().lexically_relative(folder).generic_string();
        files_[std::move(name)] = {std::move(content), std::move(etag), type_of(entry.path().extension().string())};
    }
}

Response AdminPages::answer(const Request& request, const std::string& name) const {
    if (files_.empty())
        throw not_found("The admin pages are not installed here; build them, and name their folder by --admin-dir");
    auto const found = files_.find(name.empty() ? std::string(first_page) : name);
    if (found == files_.end()) throw own_failure(404);
    const File& file = found->second;
    Response response{.content_type = file.type};
    bool const lasting = name.starts_with(hashed_files);
    response.headers = {{"ETag", file.etag},
                        {"Cache-Control", lasting ? "public, max-age=31536000, immutable" : "no-cache"},
                        {"Content-Security-Policy", policy},
                        {"X-Content-Type-Options", "nosniff"},
                        {"X-Frame-Options", "DENY"},
                        {"Referrer-Policy", "no-referrer"},
                        {"Cross-Origin-Opener-Policy", "same-origin"},
                        {"Cross-Origin-Resource-Policy", "same-origin"}};
    if (knows(request, file.etag))
        response.status = 304;
    else
        response.body = file.content;
    return response;
}

}  // namespace eryxon::gateway
