// hotcell-unpack: a zip on standard input, the unpacked stream on standard output. Runs inside a sandbox, for the zip is a
// stranger's. Exit 0: the stream is whole; 1: the package is refused, standard error says why in one line; 2: it could not
// be tried.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <new>
#include <string>

#include "engine/programs/unpack/unpack.h"

namespace {

using hotcell::Result;

Result<> write_all(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return hotcell::fail_errno(errno, "write the unpacked stream");
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

/// Headers and small files leave together.
class Buffered {
public:
    Result<> add(std::string_view bytes) {
        if (buffer_.size() + bytes.size() > kMost) TRY(flush());
        if (bytes.size() >= kMost) return write_all(bytes);
        buffer_ += bytes;
        return {};
    }
    Result<> flush() {
        TRY(write_all(buffer_));
        buffer_.clear();
        return {};
    }

private:
    static constexpr std::size_t kMost = 128 << 10;
    std::string buffer_;
};

/// One byte more than may be, so that what is too large is seen. Pages that are never reached cost nothing.
constexpr std::size_t kMostInput = hotcell::protocol::kPackageLimits.package + 1;

Result<std::string_view> read_package(char* into) {
    std::size_t size = 0;
    while (size < kMostInput) {
        const ssize_t n = ::read(STDIN_FILENO, into + size, kMostInput - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return hotcell::fail_errno(errno, "read the package");
        if (n == 0) break;
        size += static_cast<std::size_t>(n);
    }
    return std::string_view(into, size);
}

Result<> run() {
    const auto memory = std::make_unique_for_overwrite<char[]>(kMostInput);
    const std::string_view zip = TRY(read_package(memory.get()));
    Buffered out;
    TRY(hotcell::unpack::unpack(zip, [&](std::string_view bytes) { return out.add(bytes); }));
    return out.flush();
}

}  // namespace

int main() {
    try {
        const Result<> done = run();
        if (done) return 0;
        std::fprintf(stderr, "%s\n", done.error().message().c_str());
        return done.error().kind == hotcell::ErrorKind::InvalidArgument ? 1 : 2;
    } catch (const std::bad_alloc&) {
        std::fputs("there is not enough memory to unpack the package\n", stderr);
        return 2;
    }
}
