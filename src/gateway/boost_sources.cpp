// Boost.Asio and Beast, compiled once instead of in every file.
#include "gateway/base/prelude.hpp"

#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
