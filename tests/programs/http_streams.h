// What http_server sends in pieces, and what it does once its connection is no HTTP any more.
#pragma once

#include <string>

enum class Streamed { NotAsked, Whole, Close };

/// Answers on `socket` when the request asks for pieces or for another protocol. `rest`: what came after the request.
/// Most wait in their midst until release_streams() has been called once more.
Streamed send_stream(int socket, const std::string& head, const std::string& body, const std::string& rest);
void release_streams();
/// Bytes of floods that the kernel has taken.
unsigned long long flooded();
