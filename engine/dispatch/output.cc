#include "engine/dispatch/output.h"

#include <algorithm>
#include <cerrno>

#include "engine/linux/sockets/sockets.h"

namespace hotcell::dispatch {

namespace {
constexpr int kPiecesAtOnce = 4;  // then the others have their turn
}

Output::Output(environment::Reactor& reactor, linux::UniqueFd fd, Bytes cap, std::function<void()> on_end)
    : watch_(reactor, std::move(fd)), cap_(cap), on_end_(std::move(on_end)) {
    wait();
}

void Output::wait() {
    watch_.when_readable([this] {
        drain();
        if (open_) return wait();
        on_end_();  // the last thing: it may destroy this object
    });
}

void Output::drain() {
    char piece[65536];
    for (int i = 0; open_ && i < kPiecesAtOnce; ++i) {
        const long n = linux::read_some(watch_.fd(), piece, sizeof piece);
        if (n == -EAGAIN) return;
        if (n <= 0) {
            open_ = false;
            return;
        }
        const std::uint64_t room = cap_.count - std::min<std::uint64_t>(cap_.count, kept_.size());
        const std::uint64_t keep = std::min<std::uint64_t>(room, static_cast<std::uint64_t>(n));
        kept_.append(piece, keep);
        dropped_ += static_cast<std::uint64_t>(n) - keep;
    }
}

}  // namespace hotcell::dispatch
