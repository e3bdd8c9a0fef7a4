package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

var dockerfileName = regexp.MustCompile(`(?i)(docker|container)file`)

// buildahInputs reads the Dockerfiles that buildah tests its builds with: every file
// with such a name, each with its folder as context; the command lines of its bats files
// that give more (arguments, a stage, another file); and the cases of its conformance
// test, which compares buildah with Docker.
func buildahInputs(module, work string) (list []input, out []leftOut, err error) {
	tests := filepath.Join(work, "buildah")
	for _, d := range []string{"bud", "conformance/testdata"} {
		if err := copyTree(filepath.Join(module, "tests", d), filepath.Join(tests, d)); err != nil {
			return nil, nil, fmt.Errorf("buildah's test data: %w", err)
		}
	}
	if err := settle(tests); err != nil {
		return nil, nil, err
	}
	err = filepath.WalkDir(tests, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !dockerfileName.MatchString(d.Name()) || strings.Contains(d.Name(), "ignore") {
			return err
		}
		rel, _ := filepath.Rel(tests, p)
		b, err := os.ReadFile(p)
		switch {
		case err != nil:
			return err
		case !utf8.Valid(b):
			out = append(out, leftOut{"buildah/" + rel, "not text"})
		case filepath.Dir(rel) == "conformance/testdata": // their context is theirs alone: see below
		default:
			dir := filepath.Dir(p)
			list = append(list, input{suite: "buildah", name: "buildah/" + rel, context: dir, dockerfile: dir, file: d.Name()})
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	list = append(list, batsInputs(module, tests)...)
	cases, left, err := conformanceCases(module, tests, work)
	return append(list, cases...), append(out, left...), err
}

var (
	batsBuild = regexp.MustCompile(`run_buildah.*\sb(?:uild|ud)\s.*\$\{?BUDFILES`)
	batsFlag  = regexp.MustCompile(`\s(--build-arg|--target|--platform|--label|--add-host|--file|-f)[ =]("[^"]*"|'[^']*'|\S+)`)
	batsPath  = regexp.MustCompile(`\$\{?BUDFILES\}?/([^\s"'/]+)[^\s"']*`)
)

// batsInputs takes command lines that say more than a folder.
func batsInputs(module, tests string) (list []input) {
	scripts, _ := filepath.Glob(filepath.Join(module, "tests", "*.bats"))
	for _, script := range scripts {
		b, err := os.ReadFile(script)
		if err != nil {
			continue
		}
		for n, line := range strings.Split(strings.ReplaceAll(string(b), "\\\n", "  "), "\n") {
			if !batsBuild.MatchString(line) {
				continue
			}
			at := batsPath.FindAllStringSubmatch(line, -1)
			if len(at) == 0 {
				continue
			}
			dir := filepath.Join(tests, "bud", at[len(at)-1][1])
			in := input{suite: "buildah", name: fmt.Sprintf("buildah/%s#%d", filepath.Base(script), n+1), context: dir, dockerfile: dir, attrs: map[string]string{}}
			bad := false
			for _, m := range batsFlag.FindAllStringSubmatch(line, -1) {
				v := strings.Trim(m[2], `"'`)
				k, val, eq := strings.Cut(v, "=")
				switch m[1] {
				case "--build-arg":
					in.attrs["build-arg:"+k] = val
					bad = bad || !eq
				case "--label":
					in.attrs["label:"+k] = val
				case "--add-host":
					in.attrs["add-hosts"] = strings.Replace(v, ":", "=", 1)
				case "--file", "-f":
					in.file = v
					continue
				default:
					in.attrs[strings.TrimPrefix(m[1], "--")] = v
				}
				bad = bad || strings.Contains(v, "$")
			}
			if in.resolveFile(tests); bad || in.file == "" {
				continue
			}
			list = append(list, in)
		}
	}
	return list
}

// resolveFile finds the Dockerfile as buildah does: below the context, else where it says.
func (in *input) resolveFile(tests string) {
	names := []string{"Containerfile", "Dockerfile"}
	if in.file != "" {
		names = []string{strings.NewReplacer("${BUDFILES}", filepath.Join(tests, "bud"), "$BUDFILES", filepath.Join(tests, "bud")).Replace(in.file)}
	}
	in.file = ""
	for _, n := range names {
		at := n
		if !filepath.IsAbs(n) {
			at = filepath.Join(in.context, n)
		}
		if fi, err := os.Stat(at); err == nil && fi.Mode().IsRegular() {
			in.dockerfile, in.file = filepath.Dir(at), filepath.Base(at)
			return
		}
	}
}

// conformanceCases reads the table of buildah's conformance_test.go. Some of its cases
// change their context with Go code first; that is not run, so both builders get the
// context without it.
func conformanceCases(module, tests, work string) (list []input, out []leftOut, err error) {
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(module, "tests", "conformance", "conformance_test.go"), nil, 0)
	if err != nil {
		return nil, nil, err
	}
	data := filepath.Join(tests, "conformance", "testdata")
	s := &scope{}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "internalTestCases" || err != nil {
			return err == nil
		}
		for i, e := range spec.Values[0].(*ast.CompositeLit).Elts {
			fields := map[string]ast.Expr{}
			for _, f := range e.(*ast.CompositeLit).Elts {
				if kv, ok := f.(*ast.KeyValueExpr); ok {
					fields[dotted(kv.Key)] = kv.Value
				}
			}
			in, why := conformanceCase(s, fields, data, filepath.Join(work, fmt.Sprintf("c%03d", i)))
			if why != nil {
				out = append(out, leftOut{in.name, why.Error()})
				continue
			}
			list = append(list, in)
		}
		return false
	})
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("buildah's conformance_test.go has no table that this harness can read")
	}
	return list, out, err
}

func conformanceCase(s *scope, fields map[string]ast.Expr, data, dir string) (input, error) {
	get := func(k string) string {
		if fields[k] == nil {
			return ""
		}
		v, _ := s.str(fields[k])
		return v
	}
	in := input{suite: "buildah", name: "buildah/conformance/" + get("name"), context: dir, dockerfile: dir, file: "Dockerfile", attrs: map[string]string{}}
	if f := get("dockerfile"); f != "" {
		in.file = f
	}
	var err error
	switch sub := get("contextDir"); {
	case sub != "":
		err = copyTree(filepath.Join(data, sub), dir)
	default:
		err = os.MkdirAll(dir, 0o755)
	}
	text := ""
	if e := fields["dockerfileContents"]; e != nil {
		var ok bool
		if text, ok = s.lines(e); !ok {
			return in, fmt.Errorf("the Dockerfile is worked out while the test runs")
		}
	} else if get("contextDir") == "" {
		b, rerr := os.ReadFile(filepath.Join(data, in.file))
		if rerr != nil {
			return in, fmt.Errorf("no Dockerfile: %w", rerr)
		}
		text = string(b)
	}
	if err == nil && text != "" {
		if err = os.MkdirAll(filepath.Dir(filepath.Join(dir, in.file)), 0o755); err == nil {
			err = os.WriteFile(filepath.Join(dir, in.file), []byte(text), 0o644)
		}
	}
	if err == nil && fields["tweakContextDir"] != nil {
		b, rerr := os.ReadFile(filepath.Join(dir, in.file))
		if err = rerr; err == nil {
			in.madeUp, err = makeUp(dir, string(b))
		}
	}
	if err == nil {
		err = settle(dir)
	}
	if m, ok := fields["buildArgs"].(*ast.CompositeLit); ok {
		for _, e := range m.Elts {
			kv := e.(*ast.KeyValueExpr)
			k, _ := s.str(kv.Key)
			v, _ := s.str(kv.Value)
			in.attrs["build-arg:"+k] = v
		}
	}
	maps.DeleteFunc(in.attrs, func(k, _ string) bool { return k == "build-arg:" })
	return in, err
}

// lines reads strings.Join([]string{…}, "\n"), which that table writes Dockerfiles with.
func (s *scope) lines(e ast.Expr) (string, bool) {
	call, ok := e.(*ast.CallExpr)
	if !ok || dotted(call.Fun) != "strings.Join" {
		return s.str(e)
	}
	lit, ok := call.Args[0].(*ast.CompositeLit)
	if !ok {
		return "", false
	}
	var out []string
	for _, l := range lit.Elts {
		v, ok := s.str(l)
		if !ok {
			return "", false
		}
		out = append(out, v)
	}
	sep, ok := s.str(call.Args[1])
	return strings.Join(out, sep), ok
}
