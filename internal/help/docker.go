package help

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/request"
)

// Reasons that several of Docker's commands share.
const (
	noContainers  = "tare keeps no containers: each one is removed when its program ends"
	noSwarm       = "tare runs on one machine, not on a swarm"
	useVersion    = "use tare version, and tare system df for the store"
	useDockerfile = "use a Dockerfile with FROM scratch and ADD FILE.tar /, then tare build"
	pressCtrlC    = noContainers + ". Press Ctrl-C, or send tare run a signal with kill"
	useRun        = noContainers + ". Use tare run IMAGE"
)

// lacking are Docker's commands that tare does not have, and what to do instead. A
// command of two words comes before its first word alone.
var lacking = []struct{ command, instead string }{
	{"attach", "tare run stays attached to the program; tare run -it IMAGE for a terminal"},
	{"commit", "write the changes as RUN lines of a Dockerfile, then tare build"},
	{"cp", noContainers + `. To copy a file out of an image: tare run --rm -v "$PWD:/out" IMAGE cp FILE /out`},
	{"create", useRun},
	{"events", "tare has no daemon that reports events"},
	{"exec", noContainers + ". For a shell in an image: tare run -it IMAGE sh"},
	{"export", noContainers + ". For the files of an image: echo FROM IMAGE | tare build -o type=tar,dest=FILE -"},
	{"import", useDockerfile},
	{"info", useVersion},
	{"kill", pressCtrlC},
	{"logs", "tare run prints what the program prints: redirect it to a file"},
	{"pause", noContainers},
	{"port", "containers use the host's network: a program's ports are open on this machine"},
	{"ps", noContainers + ". The shell's jobs command lists those in the background"},
	{"rename", noContainers + ", so they need no names"},
	{"restart", useRun},
	{"rm", noContainers + ", so none is left to remove. To remove an image: tare rmi IMAGE"},
	{"search", "tare cannot search a registry"},
	{"start", useRun},
	{"stats", "tare has no live statistics; tare lab measures peak memory and start times"},
	{"stop", pressCtrlC},
	{"top", "the host's ps and top list the processes of containers"},
	{"unpause", noContainers},
	{"wait", "tare run waits for the program, and exits with its exit code"},

	{"container run", "use tare run"},
	{"container ls", noContainers + ". The shell's jobs command lists those in the background"},
	{"container list", noContainers + ". The shell's jobs command lists those in the background"},
	{"container diff", noContainers + ". tare diff compares images"},
	{"container prune", noContainers + ", so none is left to remove; tare system prune frees disk space"},
	{"container", useRun},

	{"buildx build", "use tare build"},
	{"buildx bake", "use tare build for each target"},
	{"buildx du", "use tare system df -v"},
	{"buildx prune", "use tare builder prune"},
	{"buildx version", "use tare version"},
	{"buildx imagetools", "use tare weigh --all-platforms registry://NAME"},
	{"buildx", "tare manages no builders: --builder ADDRESS or TARE_BUILDER chooses one"},
	{"builder build", "use tare build"},

	{"image import", useDockerfile},
	{"system info", useVersion},
	{"system events", "tare has no daemon that reports events"},

	{"compose", "tare runs single containers: tare build and tare run for each service"},
	{"config", noSwarm + ". Defaults of tare's flags: tare help config"},
	{"context", "tare has no contexts: --builder ADDRESS or TARE_BUILDER chooses a builder"},
	{"manifest", "use tare weigh --all-platforms registry://NAME"},
	{"network", "tare has no networks: containers use the host's, or none (run --network none)"},
	{"node", noSwarm},
	{"scout", "tare looks at bytes, not at vulnerabilities"},
	{"secret", noSwarm + ". For a build: tare build --secret id=ID,src=FILE ."},
	{"service", noSwarm},
	{"stack", noSwarm},
	{"swarm", noSwarm},
	{"trust", "tare does not check signatures"},
	{"volume", "tare keeps no volumes: mount a directory with tare run -v DIR:PATH IMAGE"},
}

// AddDocker gives a program hidden commands that say what to do instead of Docker's
// commands that it does not have.
func AddDocker(root *cobra.Command) {
	for _, l := range lacking {
		parent := root
		name, second, two := strings.Cut(l.command, " ")
		if two {
			c, _, err := root.Find([]string{name})
			if err != nil || c == root {
				continue // Instead finds it under its first word
			}
			parent, name = c, second
		}
		parent.AddCommand(&cobra.Command{Use: name, Hidden: true, DisableFlagParsing: true,
			RunE: func(_ *cobra.Command, args []string) error { return insteadOf(l.command, args) }})
	}
}

// insteadOf is the error for one of Docker's commands and its arguments.
func insteadOf(command string, args []string) error {
	for _, word := range args {
		if strings.HasPrefix(word, "-") {
			continue
		}
		command += " " + word
		break
	}
	if _, alone, is := strings.Cut(command, "container "); is {
		for _, l := range lacking { // container exec is exec
			if l.command == alone {
				return Instead{command, l.instead}
			}
		}
	}
	for _, l := range lacking {
		if command == l.command || strings.HasPrefix(command, l.command+" ") {
			return Instead{l.command, l.instead}
		}
	}
	return nil
}

// Instead is the error for a command of Docker's that tare does not have. It is a
// request.Error that needs no hint at a help text.
type Instead struct{ Command, Text string }

// Error implements error.
func (e Instead) Error() string { return e.Command + ": " + e.Text }

// Unwrap makes it a usage error.
func (e Instead) Unwrap() error { return request.Error{Err: errLacking} }

var errLacking = errors.New("tare does not have this command")
