private import Glibc

// Before anything else: no program that is started, and nobody who looks into /proc, sees them.
SecretVariables.take()
// A reader that goes away ends a write, not the program.
signal(SIGPIPE, SIG_IGN)
// Whatever is created here belongs to this user alone.
umask(0o077)
exit(CommandLineInterface.run(Array(CommandLine.arguments.dropFirst())).rawValue)
