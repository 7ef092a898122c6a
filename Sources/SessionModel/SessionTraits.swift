/// What sessions are found by besides their ids.
package struct SessionTraits: Sendable, Hashable {
    /// The directory that OpenCode worked in; nil where the family keeps none (Go).
    package let directory: [UInt8]?
    /// Nil where nothing says it.
    package let agent: [UInt8]?
    /// The id of the model that was used last, without its provider's; nil where nothing says it.
    package let model: [UInt8]?

    package init(directory: [UInt8]?, agent: [UInt8]?, model: [UInt8]?) {
        self.directory = directory
        self.agent = agent
        self.model = model
    }
}
