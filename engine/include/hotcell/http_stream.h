// An HTTP call whose answer is taken as it comes: pieces of its body, or, once it has gone over to another protocol, bytes both ways.
//
// Here: what a caller gives with InvokeRequest::stream, and what it gets to steer the engine by. Only functions whose program is an
// HTTP server answer so (custom runtimes), and of them only answers whose length is not known at their head, and 101 where it was
// asked for (HttpCall::upgrade); every other answer is in the InvokeReport as a whole.
// Not here: the call itself (invocation.h). Threads: HttpStream is called on the engine's loop and must not block;
// StreamControl from any thread, also from within a call of HttpStream.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "hotcell/invocation.h"

namespace hotcell {

/// The engine's end of one stream. Nothing happens any more when the call is over.
class StreamControl {
public:
    virtual ~StreamControl() = default;
    /// After write() has said false: more may come.
    virtual void resume() = 0;

    // Once the answer was 101:
    /// Bytes for the server, one piece after the other. True: they have gone, the next may come; false: HttpStream::taken() says
    /// when.
    virtual bool send(std::string bytes) = 0;
    /// The client sends no more; what was sent before still goes.
    virtual void finish() = 0;
    /// The client has gone: the connection to the server is closed, and the call has succeeded.
    virtual void close() = 0;
};

/// Takes the answer of one call. The end is the call's own `done`, after the last piece: the answer is whole unless that has an error
/// or a report whose outcome is UnhandledError.
class HttpStream {
public:
    virtual ~HttpStream() = default;
    /// Once, before all pieces. `so_far` is what is known of the call by then: whose it is, where it runs, `http` with status
    /// and headers, the outcome where the head says that it has failed. Status 101: what follows is the other protocol.
    virtual void begin(InvokeReport so_far, std::shared_ptr<StreamControl> control) = 0;
    /// A piece of at most 64 KiB. False: no more until resume(); the server in the sandbox waits meanwhile.
    virtual bool write(std::string_view bytes) = 0;
    /// What StreamControl::send() was given has gone.
    virtual void taken() {}
};

}  // namespace hotcell
