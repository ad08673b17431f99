// A zip file's bytes, made with libzip.
#pragma once

#include <zip.h>

#include <map>
#include <stdexcept>
#include <string>

namespace hotcell::test {

/// `mode` is that of every file.
inline std::string zip_of(const std::map<std::string, std::string>& files, unsigned mode = 0100644) {
    zip_error_t error;
    zip_source_t* const buffer = ::zip_source_buffer_create(nullptr, 0, 0, &error);
    zip_t* const archive = ::zip_open_from_source(buffer, ZIP_TRUNCATE, &error);
    if (archive == nullptr) throw std::runtime_error("make a zip");
    ::zip_source_keep(buffer);
    for (const auto& [name, bytes] : files) {
        zip_source_t* const source = ::zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
        const auto at = ::zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
        if (at < 0) throw std::runtime_error("add " + name);
        ::zip_file_set_external_attributes(archive, static_cast<zip_uint64_t>(at), 0, ZIP_OPSYS_UNIX, mode << 16);
    }
    if (::zip_close(archive) != 0) throw std::runtime_error("close a zip");
    ::zip_source_open(buffer);
    ::zip_source_seek(buffer, 0, SEEK_END);
    std::string bytes(static_cast<std::size_t>(::zip_source_tell(buffer)), '\0');
    ::zip_source_seek(buffer, 0, SEEK_SET);
    ::zip_source_read(buffer, bytes.data(), bytes.size());
    ::zip_source_close(buffer);
    ::zip_source_free(buffer);
    return bytes;
}

}  // namespace hotcell::test
