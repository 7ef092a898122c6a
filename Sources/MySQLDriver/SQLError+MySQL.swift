internal import CMariaDB
internal import SQL

/// An error number of the server (mariadb.com/kb/en/mariadb-error-code-reference) or of the client library (errmsg.h),
/// and what it means to us.
///
/// The server's own texts quote values ("Duplicate entry '…'"), so they are never passed on: each number has our words.
struct MySQLFailure {
    let code: Int
    let kind: SQLError.Kind
    let text: String
    /// Whether nobody need try this connection again.
    let breaksConnection: Bool

    init(_ number: CUnsignedInt) {
        let code = Int(number)
        self.code = code
        (kind, text) = Self.meaning(of: code)
        breaksConnection = kind == .disconnected || [1153, 2012, 2014, 2027].contains(code)
    }

    private static func meaning(of code: Int) -> (SQLError.Kind, String) {
        switch code {
        case 1213: (.contended, "a deadlock with another transaction")
        case 1205: (.contended, "another transaction holds the rows")
        case 1020: (.contended, "the row was changed since it was read")

        case 2006, 2013, 2055: (.disconnected, "the connection was lost")
        case 1927: (.disconnected, "the connection was killed on the server")
        case 1053: (.disconnected, "the server is shutting down")
        case 4031: (.disconnected, "the server closed the connection, which nobody used for long (wait_timeout)")
        case 1047: (.disconnected, "the cluster node is not ready: it is not connected to most of its cluster")
        case 1158, 1159, 1160, 1161, 1184: (.disconnected, "the connection broke off")
        case 2012, 2014, 2027: (.disconnected, "the connection is out of step")

        case 2002, 2003: (.unavailable, "cannot be reached: is it running, and is the address right?")
        case 2005: (.unavailable, "is not known: is the host name right?")
        case 2026: (.unavailable, "did not pass the TLS check")
        case 2019: (.unavailable, "the character set is not known here")
        case 1040: (.unavailable, "has too many connections (max_connections)")
        case 1203, 1226: (.unavailable, "has too many connections or statements of this user")
        case 1049: (.unavailable, "has no such database")
        case 1129: (.unavailable, "has blocked this host after failed connections (FLUSH HOSTS)")
        case 2059, 2061:
            (.unavailable, "wants a way to log in that is not supported or not allowed")

        case 1045, 1698: (.denied, "does not let this user in: check user and password, and whether it wants TLS")
        case 1130: (.denied, "lets nobody in from this host")
        case 1044: (.denied, "does not let this user use the database")
        case 1142, 1143, 1227, 1370, 1419, 1862, 1820:
            (.denied, "this user may not do that: a GRANT is missing")

        case 1290, 1792, 1836, 3989: (.readOnly, "the server takes no changes")
        case 1021, 1041, 1114, 28, 1037, 1038: (.full, "the server has no space or memory left")
        case 1153, 1406, 1301, 2020: (.tooLarge, "a value is larger than the server takes")

        case 1062, 1586: (.constraint, "a row with this key is there already")
        case 1451, 1217: (.constraint, "other rows refer to the row")
        case 1452, 1216: (.constraint, "the row refers to one that is not there")
        case 1048, 1364: (.constraint, "a column that needs a value has none")
        case 3819, 4025: (.constraint, "a CHECK of the table refuses the row")
        case 1366, 1264, 1265: (.constraint, "a column does not take the value")
        case 1644: (.constraint, "a trigger refuses the change")

        case 1969, 3024: (.expired, "the server ended a statement that took too long")
        case 1317: (.expired, "the statement was killed on the server")
        case 1034, 1194, 1195, 1712, 126, 127, 145: (.corrupt, "a table or index is damaged: run CHECK TABLE")

        case 1146, 1051: (.misuse, "a table is missing")
        case 1054: (.misuse, "a column is missing")
        case 1064: (.misuse, "the server does not understand the statement")
        case 1193: (.misuse, "a system variable is not known to the server")
        case 1615: (.misuse, "a table changed while the statement was prepared")
        default: (.misuse, "the statement failed")
        }
    }
}

extension SQLError {
    /// What is said of a failure: what, where and the number. Never a text of the server.
    init(_ failure: MySQLFailure, place: String, isConnecting: Bool) {
        let text =
            switch failure.kind {
            // What the server does or does not.
            case .unavailable: "the server \(place) \(failure.text)"
            case .denied where failure.text.hasPrefix("does") || failure.text.hasPrefix("lets"):
                "the server \(place) \(failure.text)"
            case .disconnected where isConnecting: "\(place): \(failure.text)"
            default: failure.text
            }
        self.init(
            failure.kind, code: failure.code, message: "\(text) (error \(failure.code))",
            isForeignKey: failure.code == 1452 || failure.code == 1216, isOfServer: true)
    }
}
