package engine

// Op is an operation of a build's definition (BuildKit's LLB): what the builder was
// asked to do, with all variables expanded. Two builds whose operations have equal keys
// were asked for the same.
type Op struct {
	// Digest names the operation within its build, as Step.Digest does.
	Digest string `json:"digest"`
	// Key is of the operation and of all that it stands on, without what differs from
	// build to build though nothing changed (sessions). Own is of the operation alone.
	Key string `json:"key"`
	Own string `json:"own"`
	// Kind is image, layout, local, git, http, exec, file, merge, diff or build.
	Kind string `json:"kind"`
	Name string `json:"name,omitempty"` // as progress shows it: "[2/4] RUN make"
	// Source is what a source is taken from: the image's name, the URL, the name of
	// the context.
	Source string   `json:"source,omitempty"`
	Inputs []string `json:"inputs,omitempty"` // digests of operations
	// Lines are the places in the Dockerfile that asked for it, first and last line of
	// each: several where stages share a step, none where the builder added it.
	Lines [][2]int `json:"lines,omitempty"`
	Facts []Fact   `json:"facts,omitempty"`
	Takes []Take   `json:"takes,omitempty"`
	// NoCache says that the builder was told not to use the cache for it.
	NoCache bool `json:"noCache,omitempty"`
}

// IsSource tells whether the operation only fetches something.
func (o *Op) IsSource() bool {
	switch o.Kind {
	case "image", "layout", "local", "git", "http":
		return true
	}
	return false
}

// Fact is one thing that an operation's result depends on, besides its inputs.
type Fact struct {
	What  string `json:"what"` // command, env, directory, user, mount, image, copy, …
	Name  string `json:"name,omitempty"`
	Value string `json:"value,omitempty"`
}

// Take is what an operation takes of an input: the files of a COPY, of a bind mount.
type Take struct {
	Input  string `json:"input"` // digest of an operation
	Source string `json:"source"`
	// Wildcard says that Source is a pattern, Follow that symbolic links on the way and
	// at its end are followed.
	Wildcard bool `json:"wildcard,omitempty"`
	Follow   bool `json:"follow,omitempty"`
	// Include and Exclude are patterns below Source; no Include takes all.
	Include []string `json:"include,omitempty"`
	Exclude []string `json:"exclude,omitempty"`
}
