#include "engine/api/server/response_head.h"

#include <ctime>
#include <ostream>
#include <utility>

#include <boost/beast/http/status.hpp>  // needs <ostream> and does not say so

namespace hotcell::api {

namespace {

void put(std::string& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
}

/// "Fri, 27 Nov 2026 03:53:30 GMT", made once a second.
const std::string& date_of_now() {
    thread_local std::time_t shown = -1;
    thread_local std::string text;
    const std::time_t now = std::time(nullptr);
    if (now == std::exchange(shown, now)) return text;
    char out[32];
    std::tm fields{};
    ::gmtime_r(&now, &fields);
    return text.assign(out, std::strftime(out, sizeof out, "%a, %d %b %Y %T GMT", &fields));
}

}  // namespace

void write_head(const Response& response, std::string_view request_id, bool keep_alive, Framing framing,
                std::string& head) {
    const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
    head.assign("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    head.append(reason.data(), reason.size()).append("\r\n");
    put(head, "Date", date_of_now());
    const bool has_body = response.status != 204 && response.status != 304 && framing != Framing::Switched;
    if (has_body && HeaderLines::is_value(response.content_type)) put(head, "Content-Type", response.content_type);
    head.append(response.headers.bytes());
    if (!response.headers.has("X-Request-Id")) put(head, "X-Request-Id", request_id);
    put(head, "X-Fc-Request-Id", request_id);
    if (framing == Framing::Switched)
        put(head, "Connection", "Upgrade");
    else if (!keep_alive)
        put(head, "Connection", "close");
    if (framing == Framing::Chunks) put(head, "Transfer-Encoding", "chunked");
    if (has_body && framing == Framing::Length) put(head, "Content-Length", std::to_string(response.body.size()));
    head.append("\r\n");
}

}  // namespace hotcell::api
