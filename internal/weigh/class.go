package weigh

import (
	"path"
	"slices"
	"strings"
	"sync"

	"tare/internal/packages"
)

// Class says what kind of thing a file is, by its path. Owned and unowned files
// have classes alike; for the unowned it is all that is known of them.
type Class string

// The classes, in the order in which they are tried.
const (
	Bytecode    Class = "bytecode"         // compiled Python
	VCS         Class = "vcs"              // version control data
	Database    Class = "package-database" // what package managers know
	Cache       Class = "cache"            // can be fetched or made again
	Docs        Class = "docs"             // documentation, manual pages, licences
	Locale      Class = "locale"           // translations
	TimeZones   Class = "timezones"        // the database of time zones
	Tests       Class = "tests"            // tests that libraries of Python and Node bring along
	Stubs       Class = "type-stubs"       // declarations for type checkers: Python's .pyi, TypeScript's .d.ts
	SourceMaps  Class = "source-maps"      // what leads from built JavaScript and CSS to their sources
	Debug       Class = "debug"            // debug symbols
	Development Class = "development"      // headers, static libraries, what compilers need
	Log         Class = "log"              // log files
	Config      Class = "config"           // below /etc
	App         Class = "app"              // copied in, or in a directory for applications
	Local       Class = "local"            // made by hand below /usr/local
	System      Class = "system"           // below /usr, /bin, /lib and so on
	State       Class = "state"            // below /var and in other directories for data
	Structure   Class = "structure"        // no file: directories, links, whiteouts, headers
	Unknown     Class = "unattributed"     // none of all these
)

// AllClasses are the classes of files, for reports.
var AllClasses = []Class{Bytecode, VCS, Database, Cache, Docs, Locale, TimeZones, Tests, Stubs, SourceMaps, Debug, Development, Log, Config, App, Local, System, State, Unknown}

// rule is a directory, with the slash at its end, and the class of what is in it.
type rule struct {
	dir   string
	class Class
}

// prefixes are directories (with the slash) that decide a class wherever a file in
// them comes from.
var prefixes = []rule{
	{"var/cache/", Cache}, {"root/.cache/", Cache}, {"tmp/", Cache}, {"var/tmp/", Cache},
	{"etc/apk/cache/", Cache}, {"root/.composer/cache/", Cache}, {"root/.cargo/registry/", Cache}, {"usr/local/cargo/registry/", Cache}, {"usr/local/share/.cache/", Cache},
	{"usr/share/doc/", Docs}, {"usr/share/man/", Docs}, {"usr/share/info/", Docs}, {"usr/share/licenses/", Docs}, {"usr/share/gtk-doc/", Docs},
	{"usr/local/share/doc/", Docs}, {"usr/local/share/man/", Docs}, {"usr/local/share/info/", Docs}, {"usr/local/man/", Docs},
	{"usr/share/locale/", Locale}, {"usr/share/i18n/", Locale}, {"usr/lib/locale/", Locale}, {"usr/local/share/locale/", Locale},
	{"usr/share/zoneinfo/", TimeZones}, {"usr/share/zoneinfo-icu/", TimeZones}, {"usr/lib/zoneinfo/", TimeZones}, {"usr/share/lib/zoneinfo/", TimeZones},
	{"usr/lib/debug/", Debug},
	{"usr/include/", Development}, {"usr/local/include/", Development}, {"usr/share/aclocal/", Development}, {"usr/lib/pkgconfig/", Development},
	{"usr/share/pkgconfig/", Development}, {"usr/local/lib/pkgconfig/", Development},
	{"var/log/", Log},
}

// homeCaches are caches in the home directories of users.
var homeCaches = []string{"/.cache/", "/.npm/", "/.m2/", "/.cargo/registry/", "/.composer/cache/"}

// managed are the directories of the package managers, the caches first: some lie in what
// is a database else.
var managed = sync.OnceValue(func() []rule {
	var caches, databases []rule
	for _, k := range packages.Kinds() {
		for _, dir := range k.Caches {
			caches = append(caches, rule{dir, Cache})
		}
		for _, dir := range k.Databases {
			databases = append(databases, rule{dir, Database})
		}
	}
	return append(caches, databases...)
})

// marks are ends of names that make a file or a directory a package database.
var marks = sync.OnceValue(func() []string {
	var out []string
	for _, k := range packages.Kinds() {
		out = append(out, k.Marks...)
	}
	return out
})

// places are where the unowned belongs that nothing else says anything about.
var places = []rule{
	{"etc/", Config},
	{"app/", App}, {"srv/", App}, {"opt/", App}, {"home/", App}, {"usr/src/", App}, {"workspace/", App}, {"code/", App}, {"go/src/", App}, {"root/", App},
	{"usr/local/", Local},
	{"usr/", System}, {"bin/", System}, {"sbin/", System}, {"lib/", System}, {"lib64/", System}, {"lib32/", System}, {"libx32/", System}, {"boot/", System},
	{"var/", State}, {"run/", State}, {"dev/", State}, {"mnt/", State}, {"media/", State}, {"data/", State}, {"proc/", State}, {"sys/", State},
}

// classifier classifies the files of one layer; it remembers the last directory,
// since entries come in order.
type classifier struct {
	workdir string // the image's, without slashes at its ends
	copied  bool   // a COPY or ADD brought the files
	dir     string
	class   Class
}

// of is the class of the file at a clean path.
func (c *classifier) of(p string) Class {
	switch path.Ext(p) {
	case ".pyc", ".pyo":
		return Bytecode
	case ".a", ".la", ".o":
		return Development
	case ".debug":
		return Debug
	case ".pyi":
		return Stubs
	case ".ts", ".mts", ".cts":
		if stem := strings.TrimSuffix(p, path.Ext(p)); strings.HasSuffix(stem, ".d") {
			return Stubs
		}
	case ".map":
		switch path.Ext(strings.TrimSuffix(p, ".map")) {
		case ".js", ".mjs", ".cjs", ".css", ".ts", ".mts", ".cts":
			return SourceMaps
		}
	case ".h", ".hpp", ".hxx":
		if strings.Contains(p, "/include/") {
			return Development
		}
	}
	for _, mark := range marks() {
		if strings.HasSuffix(p, mark) {
			return Database
		}
	}
	dir := p[:strings.LastIndexByte(p, '/')+1]
	if dir != c.dir || c.class == "" {
		c.dir, c.class = dir, c.directory(dir)
	}
	return c.class
}

// libraries are directories whose libraries bring tests, translations and time zones along.
var libraries = []string{"/site-packages/", "/dist-packages/", "/node_modules/", "/lib/python3."}

// carried is the class of what a library of Python or Node brings along beside its code, by
// the directory; "" for its code, and for what is in no such library.
func carried(dir string) Class {
	whole := "/" + dir
	for _, l := range libraries {
		i := strings.LastIndex(whole, l)
		if i < 0 {
			continue
		}
		in := whole[i+len(l)-1:] // from the slash
		if l == "/node_modules/" {
			in = within(in) // a package may be called test
		}
		switch {
		case strings.Contains(in, "/LC_MESSAGES/"):
			return Locale
		case strings.Contains(in, "/tzdata/zoneinfo/"), strings.Contains(in, "/pytz/zoneinfo/"):
			return TimeZones
		case strings.Contains(in, "/tests/"), strings.Contains(in, "/test/"), strings.Contains(in, "/__tests__/"):
			return Tests
		}
	}
	return ""
}

// within is a path below node_modules without the name of the package.
func within(in string) string {
	for range 1 + strings.Count(in[:min(2, len(in))], "@") {
		if i := strings.IndexByte(in[1:], '/'); i >= 0 {
			in = in[1+i:]
		}
	}
	return in
}

// directory is the class of files in a directory, which ends in a slash.
func (c *classifier) directory(dir string) Class {
	for _, mark := range []string{".git/", ".hg/", ".svn/"} {
		if strings.HasPrefix(dir, mark) || strings.Contains(dir, "/"+mark) {
			return VCS
		}
	}
	for _, mark := range marks() {
		if strings.Contains(dir, mark+"/") {
			return Database
		}
	}
	for _, list := range [][]rule{prefixes, managed()} {
		for _, r := range list {
			if strings.HasPrefix(dir, r.dir) {
				return r.class
			}
		}
	}
	if c := carried(dir); c != "" {
		return c
	}
	if strings.HasPrefix(dir, "home/") && slices.ContainsFunc(homeCaches, func(c string) bool { return strings.Contains(dir, c) }) {
		return Cache
	}
	if c.copied || strings.HasPrefix(dir, c.workdir+"/") {
		return App
	}
	for _, r := range places {
		if strings.HasPrefix(dir, r.dir) {
			return r.class
		}
	}
	return Unknown
}
