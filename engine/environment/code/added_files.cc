#include "engine/environment/code/added_files.h"

#include "engine/base/result.h"

namespace hotcell::environment {

namespace {

constexpr std::size_t kMostContent = 32 << 20;

std::unexpected<Error> refused(const std::string& path) {
    return fail(ErrorKind::Broken, "a compiler adds '" + protocol::printable(path) + "', which is not its to add");
}

}  // namespace

Result<> AddedFiles::directory(const std::string& path) { return refused(path); }
Result<> AddedFiles::link(const std::string& path, const std::string&) { return refused(path); }

bool AddedFiles::fits(const std::string& path) const {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return false;
    const std::string parent = path.substr(0, slash);
    const std::size_t above = parent.rfind('/');
    if (parent.substr(above == std::string::npos ? 0 : above + 1) != directory_name_) return false;
    return above == std::string::npos || tree_.listing().has_directory(parent.substr(0, above));
}

Result<> AddedFiles::file(const std::string& path, bool executable) {
    take();
    if (executable || !fits(path)) return refused(path);
    path_ = path;
    content_.clear();
    return {};
}

Result<> AddedFiles::content(std::string_view bytes) {
    if (content_.size() + bytes.size() > kMostContent) {
        const std::string path = std::exchange(path_, {});
        return fail(ErrorKind::Exhausted, "a compiler adds '" + protocol::printable(path) + "', which is too large");
    }
    content_ += bytes;
    return {};
}

void AddedFiles::take() {
    const std::string path = std::exchange(path_, {});
    if (!path.empty() && tree_.put(path, content_)) ++added_;
}

}  // namespace hotcell::environment
