package dockerfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tare/internal/dockerfile"
)

// tenfold is n lines, each ten times the one before; line prints one.
func tenfold(n int, line string) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		b.WriteString(strings.NewReplacer("NAME", fmt.Sprintf("A%d", i), "TEN", strings.Repeat(fmt.Sprintf("$A%d", i-1), 10)).Replace(line) + "\n")
	}
	return b.String()
}

// numbered repeats a line, with its number in it.
func numbered(n int, line string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, line, i)
	}
	return b.String()
}

func TestCheck(t *testing.T) {
	huge := strings.Repeat("x", 100_000)
	for _, c := range []struct {
		name, file string
		given      dockerfile.Given
		line       int    // that the error names
		want       string // part of the error; "" for none
	}{
		{name: "ordinary", file: "ARG V=1\nFROM a:$V AS b\nENV PATH=/x:$PATH Y=${Y:-${PATH}}\nRUN echo $PATH\nFROM b\nCOPY --from=b $Y /x\nONBUILD ENV Z=$Z\n"},
		{name: "many unknown variables", file: "FROM a\nENV X=" + strings.Repeat("$A/$B:", 400) + "\n"},
		{name: "nothing that parses", file: "FROM a\nNONSENSE\n"},
		{name: "ENV", file: "FROM scratch\nENV A0=0123456789\n" + tenfold(10, "ENV NAME=TEN"), line: 8, want: "10000000 bytes"},
		{name: "ENV, quoted", file: "FROM scratch\nENV A0=0123456789\n" + tenfold(10, `ENV NAME="TEN"`), line: 8, want: "bytes"},
		{name: "ENV, in one instruction at a time", file: "FROM scratch\nENV A0=0123456789\n" + tenfold(10, "ENV B=c NAME=TEN"), line: 8, want: "bytes"},
		{name: "ENV, single quotes expand nothing", file: "FROM scratch\nENV A0=0123456789\n" + tenfold(3, `ENV NAME='TEN'`)},
		{name: "ARG", file: "FROM scratch\nARG A0=0123456789\n" + tenfold(10, "ARG NAME=TEN"), line: 8, want: "bytes"},
		{name: "ARG before FROM", file: "ARG A0=0123456789\n" + tenfold(10, "ARG NAME=TEN") + "FROM scratch\n", line: 7, want: "bytes"},
		{name: "ARG before FROM, taken over", file: "ARG A0=0123456789\n" + tenfold(4, "ARG NAME=TEN") + "FROM scratch\nARG A4\nLABEL a=" + strings.Repeat("$A4", 11) + "\n", line: 8, want: "1100008 bytes"},
		{name: "build argument", file: "FROM scratch\nARG A=1\nLABEL a=" + strings.Repeat("$A", 11) + "\n", given: dockerfile.Given{Args: map[string]string{"A": huge}}, line: 3, want: "1100008 bytes"},
		{name: "build argument that nobody declares", file: "FROM scratch\nLABEL a=" + strings.Repeat("$A", 11) + "\n", given: dockerfile.Given{Args: map[string]string{"A": huge}}},
		{name: "LABEL", file: "FROM scratch\nENV A=" + huge[:50_000] + "\nLABEL a=" + strings.Repeat("$A", 30) + "\n", line: 3, want: "bytes"},
		{name: "WORKDIR", file: "FROM scratch\nENV A=" + huge[:50_000] + "\nWORKDIR /" + strings.Repeat("$A", 30) + "\n", line: 3, want: "bytes"},
		{name: "WORKDIR, longer and longer", file: "FROM scratch\nENV A=" + huge[:50_000] + "\n" + strings.Repeat("WORKDIR $A$A$A$A$A\n", 100), line: 48, want: "take along"},
		{name: "COPY", file: "FROM scratch\nENV A=" + huge[:50_000] + "\nCOPY a " + strings.Repeat("$A", 30) + "\n", line: 3, want: "bytes"},
		{name: "USER", file: "FROM scratch\nENV A=" + huge[:50_000] + "\nUSER " + strings.Repeat("$A", 30) + "\n", line: 3, want: "bytes"},
		{name: "RUN, whose text is shown", file: "FROM scratch\nENV A=" + huge[:50_000] + "\nRUN " + strings.Repeat("$A", 30) + "\n", line: 3, want: "bytes"},
		{name: "EXPOSE", file: "FROM scratch\nENV A=" + huge[:50_000] + "\nEXPOSE " + strings.Repeat("$A", 30) + "\n", line: 3, want: "bytes"},
		{name: "heredoc", file: "FROM scratch\nENV A=" + huge[:50_000] + "\nCOPY <<E /x\n" + strings.Repeat("$A", 30) + "\nE\n", line: 3, want: "bytes"},
		{name: "heredoc, quoted", file: "FROM scratch\nENV A=" + huge[:50_000] + "\nCOPY <<'E' /x\n" + strings.Repeat("$A", 30) + "\nE\n"},
		{name: "FROM", file: "ARG A=" + huge[:50_000] + "\nFROM " + strings.Repeat("$A", 30) + "\n", line: 2, want: "bytes"},
		{name: "FROM --platform", file: "ARG A=" + huge[:50_000] + "\nFROM --platform=" + strings.Repeat("$A", 30) + " a\n", line: 2, want: "bytes"},
		{name: "a stage's variables", file: "FROM scratch AS a\nENV A=" + huge[:50_000] + "\nFROM a\nLABEL a=" + strings.Repeat("$A", 30) + "\n", line: 4, want: "bytes"},
		{name: "a stage named by a variable", file: "ARG S=a\nFROM scratch AS a\nENV A=" + huge[:50_000] + "\nFROM $S\nLABEL a=" + strings.Repeat("$A", 30) + "\n", line: 5, want: "bytes"},
		{name: "another stage's variables", file: "FROM scratch AS a\nENV A=" + huge[:50_000] + "\nFROM scratch\nLABEL a=" + strings.Repeat("$A", 30) + "\n"},
		{name: "a base image's variables", file: "FROM a\nLABEL a=" + strings.Repeat("$A", 30) + "\n", given: dockerfile.Given{Env: map[string]int64{"A": 50_000}}, line: 2, want: "bytes"},
		{name: "a base image's ONBUILD", file: "FROM a\n", given: dockerfile.Given{Env: map[string]int64{"A": 50_000}, OnBuild: []string{"ENV B=" + strings.Repeat("$A", 30)}}, line: 1, want: "bytes"},
		{name: "ONBUILD of a stage", file: "FROM scratch AS a\nENV A=" + huge[:50_000] + "\nONBUILD LABEL a=" + strings.Repeat("$A", 30) + "\nFROM a\n", line: 4, want: "bytes"},
		{name: "a name from a variable", file: "FROM scratch\nARG N=x\nENV $N=" + huge[:50_000] + "\nLABEL a=" + strings.Repeat("$x", 30) + "\n", line: 4, want: "bytes"},
		{name: "default", file: "FROM scratch\nENV A=" + huge[:50_000] + "\nLABEL a=${x:-" + strings.Repeat("$A", 30) + "}\n", line: 3, want: "bytes"},
		{name: "alternative", file: "FROM scratch\nENV A=" + huge[:50_000] + "\nLABEL a=${A:+" + strings.Repeat("$A", 30) + "}\n", line: 3, want: "bytes"},
		{name: "replacement", file: "FROM scratch\nENV A=" + huge[:50_000] + "\nLABEL a=${A//x/" + huge[:100] + "}\n", line: 3, want: "bytes"},
		{name: "replacement in a replacement", file: "FROM scratch\nENV A=" + huge[:1000] + "\nLABEL a=${A//x/${A//x/yy}}\n", line: 3, want: "bytes"},
		{name: "replacement, of one", file: "FROM scratch\nENV A=" + huge[:50_000] + "\nLABEL a=${A/x/" + huge[:100] + "}\n"},
		{name: "pattern against value", file: "FROM scratch\nENV A=" + huge[:60_000] + "\n" + strings.Repeat("LABEL a=${A#"+huge[:60_000]+"}\n", 3), line: 3, want: "too long"},
		{name: "unterminated", file: "FROM scratch\nENV A=" + huge[:50_000] + "\nUSER \"" + strings.Repeat("$A", 30) + "\n", line: 3, want: "bytes"},
		{name: "nesting", file: "FROM scratch\nUSER " + strings.Repeat("${x:-", 1000) + strings.Repeat("}", 1000) + "\n", line: 2, want: "nested deeper"},
		{name: "in sum", file: "FROM scratch\nENV A=" + huge[:50_000] + "\n" + strings.Repeat("LABEL a=$A$A$A$A$A$A$A$A$A$A\n", 100), line: 36, want: "up to here"},
		{name: "carried along", file: "FROM scratch\nENV A=" + huge[:60_000] + "\nENV B=$A$A$A$A$A$A$A$A\n" + strings.Repeat("RUN x\n", 499) + strings.Repeat("FROM scratch\nENV A="+huge[:60_000]+"\nENV B=$A$A$A$A$A$A$A$A\nRUN x\n", 100), line: 501, want: "take along"},
		{name: "stages", file: strings.Repeat("FROM scratch\n", 5001), line: 5001, want: "5000 stages"},
		{name: "layers", file: "FROM scratch AS a\n" + strings.Repeat("WORKDIR x\n", 300) + "FROM a\n" + strings.Repeat("COPY x x\n", 300), line: 503, want: "500 instructions that make a layer"},
		{name: "variables", file: "FROM scratch\n" + numbered(6000, "ENV A%d=b\n"), line: 5002, want: "5000 variables"},
		{name: "variables, of one instruction", file: "FROM scratch\nENV" + numbered(6000, " A%d=b"), line: 2, want: "5000 variables"},
		{name: "variables again and again", file: "FROM scratch\n" + strings.Repeat("ENV A=b\n", 6000)},
		{name: "labels of one instruction", file: "FROM scratch\nLABEL" + numbered(10_001, " \\\n A%d=b") + "\n", line: 2, want: "10000 pairs"},
		{name: "stages, each on the one before", file: "FROM scratch AS s\n" + strings.Repeat("FROM s AS s\n", 3000), line: 1001, want: "go on from"},
		{name: "instructions", file: "FROM scratch\n" + strings.Repeat("LABEL a=b\n", 10_000), line: 10_001, want: "10000 instructions"},
		{name: "long", file: "FROM scratch\n" + strings.Repeat("# comment\n", 1<<20), want: "8 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			err := dockerfile.Check([]byte(c.file), c.given)
			if d := time.Since(begin); d > 20*time.Second {
				t.Errorf("took %v", d)
			}
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var l *dockerfile.LimitError
			if !errors.As(err, &l) || l.Lines[0] != c.line || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want line %d: %s", err, c.line, c.want)
			}
			if len(err.Error()) > 300 {
				t.Errorf("%d bytes of error", len(err.Error()))
			}
		})
	}
}

func TestCheckText(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"UTF-8 with a mark", "\xef\xbb\xbfFROM a\n", ""},
		{"CRLF", "FROM a\r\nRUN b\r\n", ""},
		{"one line without an end", "FROM a", ""},
		{"one line, CR", "FROM a\r", ""},
		{"Latin-1 in a comment", "# caf\xe9\nFROM a\n", ""},
		{"UTF-16 LE", "\xff\xfeF\x00R\x00", "UTF-16"},
		{"UTF-16 BE", "\xfe\xff\x00F\x00R", "UTF-16"},
		{"UTF-16 LE without a mark", "F\x00R\x00O\x00M\x00 \x00a\x00\n\x00", "UTF-16"},
		{"UTF-16 BE without a mark", "\x00F\x00R\x00O\x00M\x00 \x00a\x00\n", "UTF-16"},
		{"CR only", "FROM a\rRUN b\r", "carriage returns"},
		{"NUL", "FROM a\nRUN b\x00\n", "NUL byte in line 2"},
		{"a program", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\xff\xfe\x90", "binary"},
		{"nothing", "", "empty"},
		{"white space", "\xef\xbb\xbf \n\t\n", "empty"},
	} {
		err := dockerfile.CheckText([]byte(c.file))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
