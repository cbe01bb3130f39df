// What the client commands have in common: a server to ask, files to write to, and words for what went wrong.
#pragma once

#include "apps/client/commands.hpp"

#include <string>
#include <string_view>

namespace lmq::client {

/// The word for programs in it; empty: none.
std::string reason_in(const answer& no);

/// For what nobody must have read. Unlike fmt::print it does not throw where nobody reads.
void put(std::FILE* to, std::string_view text);

class talk {
public:
  talk(const server_url& server, const credentials& with, standard_files files)
      : server_(server), with_(with), files_(files) {}

  /// @param sentence  one line, shown as in_sight() has it: the server's may have names in it
  exit_code complain(exit_code code, std::string_view sentence) const;

  /// What the command is to tell, on `out`. How the command ends: `refused`, and a sentence, where it could
  /// not be written.
  exit_code print(std::string_view text) const;

  /// The same of a JSON text, as json_in_sight() has it: the names and bodies in it are anybody's.
  exit_code print_document(std::string_view json) const;

  /// The answer's body, where it is a yes; else what was wrong has been told, and this is how the command
  /// ends.
  tl::expected<std::string, exit_code> document(const request& asked) const;

  /// What the server's "no" means, told: `refused`; `usage` where the URL has a path that the server has not.
  exit_code refuse(const answer& no) const;

  /// A request whose answer says no more than yes or no.
  exit_code ask(const request& asked) const;

  /// All of standard input, or of the file of that name.
  checked<std::string> read_input() const;
  static checked<std::string> read_file(const std::string& path);

  const standard_files& files() const noexcept { return files_; }

private:
  const server_url& server_;
  const credentials& with_;
  standard_files files_;
};

} // namespace lmq::client
