package secret_test

import (
	"strings"
	"testing"

	"tare/internal/secret"
)

// Values of these tests: VALUE is what must never be printed.
const value = "Hunter2Hunter2"

// What an instruction gives away is named; its value is neither said nor left by Mask.
func TestIn(t *testing.T) {
	named := func(name string) string { return "name " + name }
	forty := strings.Repeat("Ab1x", 10)
	for text, want := range map[string]string{
		"ENV AWS_SECRET_ACCESS_KEY=" + value:                          named("AWS_SECRET_ACCESS_KEY"),
		"ENV A=1 DB_PASSWORD=" + value + " and more B=2":              named("DB_PASSWORD"),
		"ENV GITHUB_TOKEN=" + value:                                   named("GITHUB_TOKEN"),
		"ENV MYSQL_ROOT_PASSWORD=/" + value + "/x+y":                  named("MYSQL_ROOT_PASSWORD"),
		"ARG NPM_TOKEN=" + value:                                      named("NPM_TOKEN"),
		"LABEL com.example.api-key=" + value:                          named("com.example.api-key"),
		"LABEL \"deploy.token\"=\"" + value + "\"":                    named("deploy.token"),
		"RUN |1 NPM_TOKEN=" + value + " /bin/sh -c npm ci # buildkit": named("NPM_TOKEN"),
		"RUN export TOKEN='" + value + "' && make":                    named("TOKEN"),
		"RUN make --password=" + value:                                named("password"),
		`RUN curl -H "Authorization: Bearer ` + value + `" https://x`: "an Authorization header",
		"RUN curl -H 'PRIVATE-TOKEN: " + value + "' https://x":        "a header with a token",
		"RUN wget --header='X-Api-Key: " + value + "' https://x":      "a header with a token",
		"RUN git clone https://me:" + value + "@git.example/x":        "a URL with a password",
		"RUN pip install -i https://u:" + value + "@r.example/simple": "a URL with a password",
		"RUN curl -u me:" + value + " https://x":                      "the password of a user",
		"RUN docker login --username me --password " + value:          "a password",
		"RUN x --auth-token " + value:                                 "a password",
		"ENV X=ghp_" + forty[:36]:                                     "a token of GitHub",
		"RUN echo glpat-" + forty[:24]:                                "a token of GitLab",
		"RUN npm config set //r/:_authToken npm_" + forty[:36]:        "a token of npm",
		"RUN echo pypi-AgEI" + forty + forty:                          "a token of PyPI",
		"LABEL x=dckr_pat_" + forty[:27]:                              "a token of Docker",
		"RUN curl xoxb-" + forty:                                      "a token of Slack",
		"ENV K=sk_live_" + forty[:24]:                                 "a key of Stripe",
		"ENV K=AIza" + forty[:35]:                                     "a key of Google",
		"ENV K=hf_" + forty[:34]:                                      "a token of Hugging Face",
		"ENV K=eyJhbGciOiJI.eyJzdWIiOiIx." + forty:                    "a JSON Web Token",
		"RUN echo '-----BEGIN RSA PRIVATE KEY-----" + forty + "' > k": "a private key",
		`ENV TOKEN=` + value + ` API_KEY=` + value:                    named("TOKEN") + "|" + named("API_KEY"),
		"RUN TOKEN=" + value + " a && TOKEN=" + value + " b":          named("TOKEN"),
		"ENV TOKEN=ghp_" + forty[:36]:                                 named("TOKEN"), // once
	} {
		var got []string
		for _, s := range secret.In(text) {
			if s.Name != "" {
				s.Form = "name " + s.Name
			}
			got = append(got, s.Form)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s: %q, want %s", text, got, want)
		}
		masked := secret.Mask(text)
		if strings.Contains(masked, value) || strings.Contains(masked, forty[:24]) || !strings.Contains(masked, "***") || !strings.HasPrefix(masked, text[:3]) {
			t.Errorf("%s: masked as %s", text, masked)
		}
	}
}

// None of these is accused, nor changed.
func TestInAccusesNobody(t *testing.T) {
	for _, text := range []string{
		"", "ENV", "ENV X", "ENV TOKEN_URL=https://login.example/token", "ENV TOKEN_URL=", "ENV SECRET_NAME=db", "ENV DB_PASSWORD=", "ENV DB_PASSWORD_FILE=/run/secrets/db", `ENV DB_PASSWORD=""`,
		"ENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D", "ENV SIGNING_KEY=ABF5BD827BD9BF62", "ENV SIGNING_KEY=0x8D81803C0EBFCD88", "RUN GPG_KEYS=AB12 gpg --recv-keys AB12",
		"ENV AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "ENV TOKEN_TTL=3600", "ENV PUBLIC_KEY=abc", "ENV MAX_TOKEN=4096", "ENV PASSWORD=${PASSWORD}", "ENV PASSWORD=$PASSWORD", "ENV TOKEN=changeme", "ENV TOKEN=<token>",
		"ENV MYSQL_ALLOW_EMPTY_PASSWORD=yes", "ENV SSH_KEY=/root/.ssh/id_rsa", "ENV PASSWORD=/run/secrets/Db", "ENV PWD=/App", "ENV OLDPWD=/X", "ENV PATH=/usr/local/bin:/usr/bin", "ENV LANG=C.UTF-8", "ENV KEY=value",
		"ENV PYTHON_SHA256=7220835d9f90b37c006e9842a8dff4580aaca4318674f947302b8d28f3f81112", "ENV PYTHON_PIP_VERSION=24.0", "ENV KEYBOARD=us", "ENV TOKENIZERS_PARALLELISM=false", "ENV PASSES=3",
		"ARG TOKEN", "ARG TOKEN=", "RUN |1 TOKEN= /bin/sh -c make", "RUN --mount=type=secret,id=token,target=/root/.npmrc npm ci", "RUN --mount=type=secret,id=token,env=TOKEN make",
		`RUN TOKEN="$(cat /run/secrets/token)" make`, "RUN PASSWORD=`cat /x` make", `RUN if [ "$TOKEN" = "x" ]; then y; fi`, `RUN [ "$TOKEN" == x ]`, "RUN adduser --disabled-password --gecos '' me", "RUN echo $TOKEN | docker login --password-stdin",
		`RUN curl -H "Authorization: Bearer $TOKEN" https://x`, `RUN curl -H "Authorization: token ${TOKEN}" https://x`, "RUN curl -H 'Accept: application/json' https://x", "RUN curl -u $U:$P https://x", "RUN curl -u me https://x",
		"RUN useradd -u 1000:1000 x", "RUN chown -R app:app /x", "RUN git clone https://git.example/x", "RUN git clone https://git@git.example/x", "RUN git clone ssh://git@git.example:22/x", "RUN git clone https://u:${TOKEN}@git.example/x",
		"RUN docker build --secret id=x,src=y .", "RUN x --token '' y", "RUN x --token $T", "RUN x --password -", "LABEL org.opencontainers.image.revision=0123456789abcdef0123456789abcdef01234567", "LABEL maintainer=me <me@example.org>",
		"RUN apk add --no-cache libsecret password-store", "CMD [\"--token\"]", "COPY token /run/", "RUN openssl genrsa -out key.pem 2048", "RUN echo '-----BEGIN CERTIFICATE-----MIIxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' > c",
		"HEALTHCHECK CMD curl http://127.0.0.1:80/", "ENV GOFLAGS=-ldflags=-X=main.token=x1", "STOPSIGNAL SIGTERM",
	} {
		if got := secret.In(text); len(got) > 0 {
			t.Errorf("%s: %+v", text, got)
		}
		if got := secret.Mask(text); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
}

// A variable of a configuration is judged as ENV is, and tells two values apart.
func TestVariable(t *testing.T) {
	a, ok := secret.Variable("API_KEY", value)
	b, _ := secret.Variable("API_KEY", value+"x")
	if !ok || a.Same(b) || !a.Same(a) {
		t.Errorf("%v %+v %+v", ok, a, b)
	}
	for name, v := range map[string]string{"TOKEN_URL": "https://x", "SECRET_NAME": "x", "TOKEN": "", "GPG_KEY": "A035C8C19219BA821ECEA86B64E628F8D684696D"} {
		if s, ok := secret.Variable(name, v); ok {
			t.Errorf("%s=%s: %+v", name, v, s)
		}
	}
}

// Whatever the text, nothing breaks, and what was masked gives nothing away.
func FuzzMask(f *testing.F) {
	f.Add("ENV TOKEN=" + value + " A=b")
	f.Add(`RUN curl -H "Authorization: Bearer x y" -u a:b --password c https://u:p@x`)
	f.Fuzz(func(t *testing.T, text string) {
		secret.In(secret.Mask(text))
	})
}
