/// Variables of the environment that hold a password. They are taken out of it as soon as the program starts: /proc shows
/// the environment of a process for as long as it lives, and programs it starts would inherit it.
enum SecretVariables {
    /// OPENCODE_MYSQL_DSN
    static let dsn = System.takeVariable("OPENCODE_MYSQL_DSN")
    /// OPENCODEFS_PASSWORD
    static let password = System.takeVariable("OPENCODEFS_PASSWORD")

    /// Takes them. Call it first of all.
    static func take() {
        (_, _) = (dsn, password)
    }
}
