package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tare/internal/lint"
)

func found(t *testing.T, src string, o lint.Options) (out, unsure []string) {
	t.Helper()
	list, unsure, err := lint.Dockerfile(t.Context(), []byte(src), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range list {
		if w.Text == "" || !strings.HasPrefix(w.URL, "https://") {
			t.Errorf("%+v", w)
		}
		out = append(out, fmt.Sprintf("%s:%d", w.Rule, w.Lines[0]))
	}
	return out, unsure
}

// Each check has a Dockerfile in which it speaks and one in which it must not; no image is
// fetched for either.
func TestChecks(t *testing.T) {
	for _, c := range []struct {
		src, want, unsure string
	}{
		{"FROM scratch\nCOPY a /a\n", "", ""},
		{"FROM nowhere.invalid/none:1\nRUN [\"true\"]\nCMD x\n", "JSONArgsRecommended:3", "InvalidBaseImagePlatform"},
		{"FROM nowhere.invalid/none:1\nCMD [\"x\"]\n", "", "InvalidBaseImagePlatform"},
		{"FROM scratch\nMAINTAINER x\n", "MaintainerDeprecated:2", ""},
		{"FROM scratch\n# a comment\nLABEL maintainer=x\n", "", ""},
		{"FROM scratch as x\n", "FromAsCasing:1", ""},
		{"# check=skip=FromAsCasing\nFROM scratch as x\n", "", ""},
		{"FROM scratch\nENV A_TOKEN=x\n", "SecretsUsedInArgOrEnv:2", ""},
		{"FROM scratch\nENV A_COLOR=x\n", "", ""},
		{"FROM scratch\nWORKDIR app\n", "WorkdirRelativePath:2", ""},
		{"FROM scratch\nCOPY $nothing /\n", "UndefinedVar:2", ""},
		{"FROM node\nCOPY $NODE_FILES /\n", "", "InvalidBaseImagePlatform UndefinedVar"}, // the base may set it
		{"FROM scratch\nARG x\nCOPY $x /\n", "", ""},
		{"FROM scratch AS a\nCMD x\nFROM scratch\nCOPY --from=a / /\n", "JSONArgsRecommended:2", ""},
	} {
		got, unsure := found(t, c.src, lint.Options{})
		if strings.Join(got, " ") != c.want || strings.Join(unsure, " ") != c.unsure {
			t.Errorf("%q: %q, unsure %q; want %q, %q", c.src, got, unsure, c.want, c.unsure)
		}
	}
	if got, _ := found(t, "FROM scratch AS a\nCMD x\nFROM scratch\n", lint.Options{Target: "a"}); !slices.Equal(got, []string{"JSONArgsRecommended:2"}) {
		t.Errorf("%q", got)
	}
}

// What cannot be built is said with its line.
func TestBroken(t *testing.T) {
	for src, want := range map[string]string{
		"":                               "empty",
		"FROM scratch\nRUM x\n":          "unknown instruction: RUM",
		"FROM scratch\nCOPY --from=x\n":  "line 2",
		"COPY a /\n":                     "no build stage",
		"FROM\n":                         "line 1",
		"FROM scratch\nCOPY a\x00b /c\n": "NUL byte in line 2",
	} {
		if _, _, err := lint.Dockerfile(t.Context(), []byte(src), lint.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", src, err, want)
		}
	}
	if _, _, err := lint.Dockerfile(t.Context(), []byte("FROM scratch\n"), lint.Options{Platform: "a/b/c/d"}); err == nil {
		t.Error("a platform that there is not")
	}
}

// No Dockerfile of the project's own tests, and no odd one, breaks the checks.
func TestManyDockerfiles(t *testing.T) {
	n := 0
	for _, root := range []string{"../../testdata", "../../cmd/tare/testdata", "../profiler/testdata", "../dockerfile/testdata", "../../examples"} {
		_ = filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.Contains(strings.ToLower(filepath.Base(p)), "dockerfile") || strings.HasSuffix(p, ".dockerignore") {
				return nil
			}
			src, err := os.ReadFile(p)
			if err != nil {
				return nil
			}
			n++
			if _, _, err := lint.Dockerfile(t.Context(), src, lint.Options{}); err != nil {
				t.Logf("%s: %v", p, err)
			}
			return nil
		})
	}
	if n < 20 {
		t.Errorf("only %d Dockerfiles", n)
	}
	for _, src := range []string{
		"FROM --platform=$BUILDPLATFORM a AS b\nFROM b\n", "ARG SOURCE_DATE_EPOCH=1\nFROM scratch\nRUN [\"x\"]\n", "ARG SOURCE_DATE_EPOCH=context\nFROM scratch\nCOPY . /\n", "FROM scratch\nADD https://example.invalid/x /\n",
		"FROM scratch\nADD --keep-git-dir=true https://example.invalid/x.git#main /\n", "FROM scratch\nADD --checksum=sha256:00 https://example.invalid/x /\n", "FROM a\nRUN --mount=type=secret,id=x --mount=type=ssh --mount=type=cache,target=/c --mount=type=tmpfs,target=/t x\n",
		"FROM a\nRUN --network=none --security=insecure x\n", "FROM a\nONBUILD RUN x\nFROM a\nRUN --device=x y\n", "FROM a\nCOPY --parents --exclude=*.x --link --chmod=u+x --chown=1:2 a b /c/\n", "FROM a\nCOPY <<A <<B /x/\na\nA\nb\nB\n", "FROM a\nSHELL [\"x\"]\nSTOPSIGNAL 9\nHEALTHCHECK NONE\nEXPOSE 1/TCP\nVOLUME /x\nUSER x\n",
		"# escape=`\nFROM a\nRUN x `\n y\n", "# syntax=docker/dockerfile:1\n# check=error=true;skip=all\nFROM a\nCMD x\n", "FROM a\nCOPY --from=nowhere.invalid/x / /\nCOPY --from=0 / /\n", "FROM ${X:-scratch}\nCOPY a /\n", "FROM a\nLABEL a=b\nENV a b\nARG a=$b\nWORKDIR ../..\n",
	} {
		_, _, err := lint.Dockerfile(t.Context(), []byte(src), lint.Options{Args: map[string]string{"SOURCE_DATE_EPOCH": "1", "X": "y"}})
		t.Logf("%q: %v", src, err)
	}
}
