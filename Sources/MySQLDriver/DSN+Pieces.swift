extension DSN {
    /// The same, said in pieces: what is nil is not said.
    package init(address: MySQLSettings.Address?, user: String?, password: String?, database: String) {
        settings = MySQLSettings(
            address: address ?? Self.defaultAddress, user: user ?? "", password: password ?? "", database: database)
        namesAddress = address != nil
        namesUser = user != nil
        namesPassword = password != nil
    }
}
