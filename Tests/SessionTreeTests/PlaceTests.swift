import SessionModel
import SessionTree
import Testing
import VFS

@Suite struct PlaceTests {
    /// These numbers must never change: programs keep them over a remount and a new release.
    @Test(
        arguments: [
            (.root, 1),
            (.project(.init("global")), 0xfd49_9ee1_cb64_1bb0), (.projectFile(.init("global")), 0x5aa9_ed77_17fe_9c3c),
            (.archived(.init("global")), 0x5808_97ab_d4ba_dc78), (.session(.init("ses_1")), 0xeaf5_7c5c_4c3c_9c0b),
            (.sessionFile(.init("ses_1")), 0xf763_ce5d_5e9b_35fb), (.todos(.init("ses_1")), 0x3e10_8d71_4602_43e0),
            (.messages(.init("ses_1")), 0x358a_a83f_3921_7ce8), (.children(.init("ses_1")), 0x4bfc_e9e5_842d_70ed),
            (.message(.init("msg_1"), of: .init("ses_1")), 0x63a2_4166_b904_090f), (.control, 0xff1f_f267_14a1_efd3),
            (.controlFile(.status), 0x4db4_d881_ba9e_b7c5), (.controlFile(.errors), 0x1d29_bd47_1a4d_77db),
        ] as [(Place, UInt64)])
    func `R3 an inode number is the same in every release`(place: Place, inode: UInt64) {
        #expect(place.inode == inode)
    }

    @Test func `R3 inode numbers differ where places do`() {
        var places: [Place] = [.root, .control] + ControlFile.allCases.map { .controlFile($0) }
        for kind in SalvageKind.allCases {
            places += [.salvage(kind), .salvaged(kind, FileName("a")), .salvaged(kind, FileName("b"))]
        }
        for batch in [nil, 1, 2] as [Int64?] {
            for path in [[], [FileName("a")], [FileName("a"), FileName("b")]] as [[FileName]] {
                for item in [nil, 1, 2] as [Int64?] {
                    places.append(.trash(TrashPlace(batch: batch, path: path, item: item)))
                }
            }
        }
        for isBlob in [false, true] {
            for id in ["", "a", "b", "ab", "aa", "\0", "ba"] {
                let bytes = Array(id.utf8)
                let (project, session) = (
                    Project.ID(bytes: bytes, isBlob: isBlob), Session.ID(bytes: bytes, isBlob: isBlob)
                )
                places += [.project(project), .projectFile(project), .archived(project)]
                places += [.session(session), .sessionFile(session), .todos(session), .messages(session)]
                places += [.children(session), .message(Message.ID(bytes: bytes, isBlob: isBlob), of: .init("a"))]
                places += [.message(.init("a"), of: session)]
                places += DocumentName.allCases.map { .document($0, of: session) }
            }
        }
        let distinct = Set(places)
        #expect(Set(distinct.map(\.inode)).count == distinct.count)
        #expect(distinct.allSatisfy { $0 == .root || $0.inode > 1 })
    }

    @Test func `a place knows its session and whether it is a directory`() {
        let session = Session.ID("s")
        let directories: [Place] = [
            .root, .project(.init("p")), .archived(.init("p")), .session(session), .messages(session),
            .children(session),
            .control, .salvage(.rejected), .trash(.top),
        ]
        let files: [Place] = [
            .projectFile(.init("p")), .sessionFile(session), .todos(session), .message(.init("m"), of: session),
            .document(.preferences, of: session), .document(.cache, of: session),
            .controlFile(.status), .salvaged(.conflict, FileName("a")),
            .trash(TrashPlace(batch: 1, path: [FileName("a")], item: 1)),
        ]
        #expect(directories.allSatisfy { $0.isDirectory })
        #expect(!files.contains { $0.isDirectory })
        #expect((directories + files).filter { $0.session == session }.count == 8)
        #expect((directories + files).filter { $0.session == nil }.count == 10)
    }
}
