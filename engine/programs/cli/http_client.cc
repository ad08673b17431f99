#include "engine/programs/cli/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

namespace hotcell::cli {

namespace {

constexpr std::string_view kSystemSocket = "/run/hotcell/api.sock";

struct EndHandle {
    void operator()(CURL* handle) const { ::curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, EndHandle>;
struct EndForm {
    void operator()(curl_mime* form) const { ::curl_mime_free(form); }
};
struct EndHeaders {
    void operator()(curl_slist* headers) const { ::curl_slist_free_all(headers); }
};

std::size_t append(const char* bytes, std::size_t size, std::size_t count, void* body) {
    static_cast<std::string*>(body)->append(bytes, size * count);
    return size * count;
}

std::size_t keep_header(const char* bytes, std::size_t size, std::size_t count, void* answer) {
    const std::string_view line(bytes, size * count);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return line.size();
    std::string name(line.substr(0, colon));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    const auto value = line.substr(colon + 1);
    const auto first = std::min(value.find_first_not_of(" \t\r\n"), value.size());
    const auto last = value.find_last_not_of(" \t\r\n");
    static_cast<Answer*>(answer)->headers[name] =
        last == std::string_view::npos ? "" : value.substr(first, last - first + 1);
    return line.size();
}

Failure explain(const Host& host, CURL* handle, CURLcode code) {
    long sys = 0;
    ::curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &sys);
    Failure failure{kUnreachable, "Unreachable", "talk to " + host.shown + ": " + ::curl_easy_strerror(code)};
    if (code != CURLE_COULDNT_CONNECT) return failure;
    failure.message =
        "connect to " + host.shown + (sys != 0 ? std::string(": ") + ::strerror(static_cast<int>(sys)) : "");
    failure.hint = "is hotcelld running? HOTCELL_HOST or --host name another socket";
    if (sys == EACCES || sys == EPERM) {
        failure.exit_status = kDenied;
        failure.hint = "join the group that owns the socket, or be root";
    }
    return failure;
}

Outcome<Answer> perform(const Host& host, CURL* handle, const std::string& path, std::vector<std::string> lines = {}) {
    Answer answer;
    // The body is sent at once: the round trip of "100-continue" would cost more than a refused upload on this socket.
    lines.emplace_back("Expect:");
    if (!host.token.empty()) lines.push_back("Authorization: Bearer " + host.token);
    std::unique_ptr<curl_slist, EndHeaders> headers;
    for (const auto& line : lines) {
        curl_slist* longer = ::curl_slist_append(headers.get(), line.c_str());
        (void)headers.release();
        headers.reset(longer);
    }
    ::curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    const std::string url = host.base_url + path;
    ::curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    if (!host.socket_path.empty()) ::curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, host.socket_path.c_str());
    ::curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http");
    ::curl_easy_setopt(handle, CURLOPT_PROXY, "");
    ::curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    ::curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, 5L);
    ::curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, append);
    ::curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer.body);
    ::curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, keep_header);
    ::curl_easy_setopt(handle, CURLOPT_HEADERDATA, &answer);
    if (const CURLcode code = ::curl_easy_perform(handle); code != CURLE_OK)
        return std::unexpected(explain(host, handle, code));
    ::curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer.status);
    if (answer.status >= 300) return std::unexpected(failure_of_answer(answer.status, answer.body));
    return answer;
}

}  // namespace

std::string Answer::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
}

Outcome<Host> Host::parse(std::string_view text) {
    Host host;
    if (text.empty()) {
        host.socket_path = kSystemSocket;
        std::error_code ignored;
        const char* own = std::getenv("XDG_RUNTIME_DIR");
        if (own != nullptr && !std::filesystem::exists(host.socket_path, ignored)) {
            const auto path = std::string(own) + "/hotcell/api.sock";
            if (std::filesystem::exists(path, ignored)) host.socket_path = path;
        }
    } else if (text.starts_with("unix:///")) {
        host.socket_path = text.substr(7);
    } else if (text.starts_with("http://")) {
        host.base_url = text;
        while (host.base_url.ends_with('/')) host.base_url.pop_back();
    } else {
        return std::unexpected(
            Failure{kUsage, "InvalidArgument",
                    "host: must be unix:///path or http://address:port, not \"" + std::string(text) + "\""});
    }
    if (const char* token = std::getenv("HOTCELL_TOKEN"); token != nullptr && host.socket_path.empty())
        host.token = token;
    host.shown = host.socket_path.empty() ? host.base_url : host.socket_path;
    if (!host.socket_path.empty()) host.base_url = "http://localhost";
    return host;
}

Outcome<Answer> get(const Host& host, const std::string& path) {
    const Handle handle(::curl_easy_init());
    return perform(host, handle.get(), path);
}

Outcome<Answer> send(const Host& host, const Call& call) {
    const Handle handle(::curl_easy_init());
    ::curl_easy_setopt(handle.get(), CURLOPT_CUSTOMREQUEST, call.method.c_str());
    if (call.method == "POST" || call.method == "PUT") {
        ::curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, call.body.data());
        ::curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    }
    return perform(host, handle.get(), call.path, call.headers);
}

Outcome<Answer> post_form(const Host& host, const std::string& path, const std::vector<FormField>& fields) {
    const Handle handle(::curl_easy_init());
    const std::unique_ptr<curl_mime, EndForm> form(::curl_mime_init(handle.get()));
    for (const FormField& field : fields) {
        curl_mimepart* part = ::curl_mime_addpart(form.get());
        ::curl_mime_name(part, field.name.c_str());
        ::curl_mime_data(part, field.content.data(), field.content.size());
        if (!field.file_name.empty()) ::curl_mime_filename(part, field.file_name.c_str());
    }
    ::curl_easy_setopt(handle.get(), CURLOPT_MIMEPOST, form.get());
    return perform(host, handle.get(), path);
}

std::string percent_encode(std::string_view text) {
    constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    for (const unsigned char byte : text) {
        const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                           (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
        if (plain)
            out.push_back(static_cast<char>(byte));
        else
            out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
    return out;
}

}  // namespace hotcell::cli
