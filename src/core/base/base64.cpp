// Decoded by OpenSSL, which takes padding for zero bytes.
#include "core/base/base64.hpp"

#include <openssl/evp.h>

namespace eryxon::core {

std::optional<std::string> decode_base64(std::string_view text) {
    std::string out(text.size() / 4 * 3, '\0');
    int const size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
        ++padding;
    if (size < 0 || text.size() % 4 != 0 || text.find('=') < text.size() - padding ||
        static_cast<std::size_t>(size) <= padding)
        return std::nullopt;
    out.resize(static_cast<std::size_t>(size) - padding);
    return out;
}

}  // namespace eryxon::core
