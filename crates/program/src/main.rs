//! The program `message-trace`.

fn main() -> std::process::ExitCode {
    message_trace_program::cli::run()
}
