#include "engine/api/body_pipe.h"

#include <utility>

namespace hotcell::api {

void BodyPipe::begin(InvokeReport so_far, std::shared_ptr<StreamControl> control) {
    OnBegin on_begin;
    {
        const std::scoped_lock lock(mutex_);
        control_ = std::move(control);
        on_begin = std::exchange(on_begin_, nullptr);
    }
    if (on_begin) on_begin(std::move(so_far), shared_from_this());
}

bool BodyPipe::write(std::string_view bytes) {
    bool more = false;
    {
        const std::scoped_lock lock(mutex_);
        waiting_.append(bytes);
        held_ += bytes.size();
        paused_ = held_ >= kMostOfPipe;
        more = !paused_;
    }
    tell();
    return more;
}

void BodyPipe::taken() {
    {
        const std::scoped_lock lock(mutex_);
        sending_ = false;
    }
    tell();
}

void BodyPipe::end(bool whole) {
    {
        const std::scoped_lock lock(mutex_);
        over_ = true;
        whole_ = whole;
    }
    tell();
}

bool BodyPipe::has_begun() const {
    const std::scoped_lock lock(mutex_);
    return control_ != nullptr;
}

void BodyPipe::on_change(std::function<void()> callback) {
    const std::scoped_lock lock(mutex_);
    on_change_ = std::move(callback);
}

void BodyPipe::tell() {
    std::function<void()> callback;
    {
        const std::scoped_lock lock(mutex_);
        callback = on_change_;
    }
    if (callback) callback();
}

std::string BodyPipe::take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(waiting_, {});
}

void BodyPipe::sent(std::size_t count) {
    {
        const std::scoped_lock lock(mutex_);
        held_ -= count;
        if (!paused_ || held_ > kMostOfPipe / 2) return;
        paused_ = false;
    }
    if (const auto engine = control()) engine->resume();
}

bool BodyPipe::is_over() const {
    const std::scoped_lock lock(mutex_);
    return over_ && waiting_.empty();
}

bool BodyPipe::is_whole() const {
    const std::scoped_lock lock(mutex_);
    return whole_;
}

void BodyPipe::send(std::string bytes) {
    {
        const std::scoped_lock lock(mutex_);
        sending_ = true;
    }
    if (const auto engine = control(); !engine || !engine->send(std::move(bytes))) return;
    const std::scoped_lock lock(mutex_);
    sending_ = false;
}

bool BodyPipe::may_send() const {
    const std::scoped_lock lock(mutex_);
    return !sending_ && !over_;
}

void BodyPipe::finish_sending() {
    if (const auto engine = control()) engine->finish();
}

void BodyPipe::close() {
    if (const auto engine = control()) engine->close();
}

std::shared_ptr<StreamControl> BodyPipe::control() const {
    const std::scoped_lock lock(mutex_);
    return control_;
}

}  // namespace hotcell::api
