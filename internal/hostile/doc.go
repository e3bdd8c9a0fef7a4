// Package hostile has no code: its tests feed everything that reads a stranger's bytes
// with what strangers may send (docs/security.md). Each case must end in a clear error
// or be handled as the standards say, in bounded time and memory, with nothing written
// beside the store, nothing run, and nothing in the output that a terminal or a browser
// would obey.
package hostile
