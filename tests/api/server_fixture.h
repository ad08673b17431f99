// A real server on a socket of its own with services that run nothing.
#pragma once

#include <gtest/gtest.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <utility>

#include "engine/api/server/server.h"
#include "tests/api/fake_call_service.h"
#include "tests/api/fake_catalog.h"
#include "tests/api/fake_run_service.h"
#include "tests/api/raw_client.h"
#include "tests/support/loop_thread.h"

namespace hotcell::api {

/// Function f of a service s, which is called over HTTP.
inline void put_http_function(FakeCatalog& catalog, HttpTrigger http) {
    Service service;
    service.name = "s";
    ASSERT_TRUE(catalog.create_service(service));
    Function function;
    function.service = "s";
    function.name = "f";
    ASSERT_TRUE(catalog.create_function(function, "zip"));
    Trigger trigger;
    trigger.service = "s";
    trigger.function = "f";
    trigger.name = "web";
    trigger.http = std::move(http);
    ASSERT_TRUE(catalog.create_trigger(trigger));
}

class ServerTest : public ::testing::Test {
protected:
    void start(ServerLimits limits = {}, std::optional<Access> access = std::nullopt) {
        char directory[] = "/tmp/hotcell-api-XXXXXX";
        if (::mkdtemp(directory) == nullptr) std::abort();
        directory_ = directory;
        path_ = directory_ + "/api.sock";
        linux::UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        ASSERT_EQ(::listen(listener.get(), 1024), 0);
        server_ = std::make_unique<Server>(loop_.loop(), router_, limits);
        ASSERT_TRUE(server_->listen_on(std::move(listener), std::move(access)));
        server_->start();
    }
    void TearDown() override {
        server_.reset();
        ::unlink(path_.c_str());
        ::rmdir(directory_.c_str());
    }

    /// Sends the bytes on a new connection; all that comes back until the server closes it.
    std::string exchange(std::string_view bytes) {
        RawClient client(path_);
        client.send(bytes);
        return client.read_all();
    }
    static std::string form(std::string_view boundary,
                            std::initializer_list<std::pair<std::string, std::string>> parts) {
        std::string body;
        for (const auto& [name, content] : parts)
            body += "--" + std::string(boundary) + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" +
                    content + "\r\n";
        return body + "--" + std::string(boundary) + "--\r\n";
    }
    static std::string post(const std::string& target, const std::string& body, const std::string& more = "") {
        return "POST " + target + " HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n" + more +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    /// One request with a body and further header lines, each ended by CR LF.
    static std::string request(const std::string& method, const std::string& target, const std::string& body = "",
                               const std::string& more = "") {
        return method + " " + target + " HTTP/1.1\r\nHost: x\r\n" + more +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    FakeRunService service_;
    FakeCatalog catalog_;
    FakeCallService calls_;
    Router router_{Services{.run = service_, .catalog = &catalog_, .calls = &calls_}};
    LoopThread loop_;
    std::unique_ptr<Server> server_;
    std::string directory_;
    std::string path_;
};

}  // namespace hotcell::api
