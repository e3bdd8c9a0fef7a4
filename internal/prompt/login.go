package prompt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"tare/internal/request"
)

// Login completes a user name and a password: the password is read from stdin if
// fromStdin is set, and what is missing is asked for on the terminal. Without one it is
// a request.Error.
func (p Prompt) Login(ctx context.Context, stdin io.Reader, user, password string, fromStdin bool) (string, string, error) {
	if fromStdin {
		if user == "" {
			return "", "", request.Errorf("--password-stdin needs -u")
		}
		if password != "" {
			return "", "", request.Errorf("-p and --password-stdin: give only one")
		}
		b, err := io.ReadAll(io.LimitReader(stdin, 64<<10))
		if err != nil {
			return "", "", err
		}
		return user, strings.TrimRight(string(b), "\r\n"), nil
	}
	if user != "" && password != "" {
		return user, password, nil
	}
	if !p.CanAsk() {
		return "", "", request.Errorf("cannot ask for a login without a terminal: use -u and --password-stdin")
	}
	var err error
	if user == "" {
		if user, err = p.Line(ctx, "Username: "); err != nil {
			return "", "", err
		}
	}
	if password == "" {
		if password, err = p.Secret(ctx, "Password: "); err != nil {
			return "", "", err
		}
	}
	if user == "" || password == "" {
		return "", "", errors.New("log in: user name and password are needed")
	}
	return user, password, nil
}

// Confirm warns of what will be removed and reads from in whether to go on, as Docker
// asks. Nobody answering means no; ctx ending is its error.
func Confirm(ctx context.Context, in io.Reader, out io.Writer, what string) (bool, error) {
	_, _ = fmt.Fprintf(out, "WARNING! This will remove %s.\nAre you sure you want to continue? [y/N] ", what)
	answer, _ := bufio.NewReader(in).ReadString('\n')
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if !Yes(answer) {
		_, _ = fmt.Fprintln(out)
		return false, nil
	}
	return true, nil
}
