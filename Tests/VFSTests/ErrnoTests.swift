import Foundation
import Testing
import VFS

@Suite struct ErrnoTests {
    @Test(arguments: [
        (Errno.notPermitted, EPERM, "EPERM"), (.noEntry, ENOENT, "ENOENT"), (.interrupted, EINTR, "EINTR"),
        (.inputOutput, EIO, "EIO"), (.badHandle, EBADF, "EBADF"), (.accessDenied, EACCES, "EACCES"),
        (.busy, EBUSY, "EBUSY"), (.exists, EEXIST, "EEXIST"), (.notDirectory, ENOTDIR, "ENOTDIR"),
        (.isDirectory, EISDIR, "EISDIR"), (.invalid, EINVAL, "EINVAL"), (.tooLarge, EFBIG, "EFBIG"),
        (.noSpace, ENOSPC, "ENOSPC"), (.readOnly, EROFS, "EROFS"), (.nameTooLong, ENAMETOOLONG, "ENAMETOOLONG"),
        (.notEmpty, ENOTEMPTY, "ENOTEMPTY"), (.noData, ENODATA, "ENODATA"), (.outOfRange, ERANGE, "ERANGE"),
        (.timedOut, ETIMEDOUT, "ETIMEDOUT"), (.stale, ESTALE, "ESTALE"),
    ])
    func `an error has the number and the symbol of errno(3)`(error: Errno, number: Int32, symbol: String) {
        #expect(error.rawValue == number)
        #expect(error.symbol == symbol)
    }

    @Test func `a number without a symbol is told as it is`() {
        #expect(Errno(rawValue: 4095).symbol == "errno 4095")
    }
}
