package secret

import (
	"path"
	"strings"

	"tare/internal/pattern"
)

// format is a kind of file in which secrets stand under names of their own.
type format struct {
	mark   Mark
	values pattern.Regexp // finds a value, in its last group, that is not a placeholder
	// known finds what every file of the format has. One that is named so and has nothing
	// of it is taken for what its name says; nil: only a value tells.
	known pattern.Regexp
}

// assigned finds "name = value", "name: value" and "\"name\": \"value\"" of any of the
// names, outside of comments.
func assigned(names string) pattern.Regexp {
	return pattern.New(`(?im)^[^#;\n]*?(?:^|[\s"'{,:])(?:` + names + `)["']?[ \t]*[=:][ \t]*["']?([^\s"',}]+)`)
}

var (
	aws        = assigned(`aws_secret_access_key|aws_session_token`)
	section    = pattern.New(`(?m)^\s*\[`)
	login      = pattern.New(`://[^/\s:@]*:([^@/\s]+)@`)
	cloudToken = assigned(`private_key|refresh_token|client_secret|access_token|accesstoken|secretaccesskey|secret|password|access-token`)

	cloudFile    = &format{Cloud, cloudToken, nil}
	awsFile      = &format{Cloud, aws, section}
	awsSettings  = &format{Cloud, aws, nil}
	googleFile   = &format{Cloud, cloudToken, pattern.New(`"type"\s*:`)}
	storageFile  = &format{Cloud, assigned(`secret_key|aws_secret_access_key|gs_secret_access_key|gs_oauth2_refresh_token`), nil}
	clusterFile  = &format{Cluster, assigned(`client-key-data|token|password|id-token|refresh-token|access-token`), pattern.New(`apiVersion|clusters`)}
	clusterOther = &format{Cluster, clusterFile.values, nil}
	registryFile = &format{Registry, assigned(`auth|identitytoken|registrytoken|password`), nil}
	npmFile      = &format{Token, pattern.New(`(?m)^[^#;\n]*?(?:^|[\s:/])_(?:authToken|auth|password)[ \t]*=[ \t]*["']?([^\s"']+)`), nil}
	yarnFile     = &format{Token, assigned(`npmAuthToken|npmAuthIdent`), nil}
	passwordFile = &format{Token, assigned(`password`), nil}
	urlFile      = &format{Token, login, nil}
	tokenFile    = &format{Token, assigned(`token|oauth_token|:rubygems_api_key|rubygems_api_key|key`), nil}
	gitFile      = &format{Token, pattern.New(`(?im)(?:://[^/\s:@]*:|extraheader\s*=\s*"?authorization:\s*[a-z]+\s+)([^@/\s"]+)`), nil}
	composerFile = &format{Token, pattern.New(`(?s)"(?:http-basic|github-oauth|gitlab-token|gitlab-oauth|bearer)"\s*:\s*\{.*?:\s*"([^"]+)"`), nil}
	mavenFile    = &format{Token, pattern.New(`<(?:password|passphrase)>\s*([^<\s]+)`), nil}
	nugetFile    = &format{Token, pattern.New(`(?i)ClearTextPassword"\s+value="([^"]+)"`), nil}
	plainToken   = &format{Token, pattern.New(`^(\S+)\s*$`), nil}
	netrcFile    = &format{Password, pattern.New(`(?m)^[^#\n]*?(?:^|\s)password\s+(\S+)`), pattern.New(`(?m)^\s*(?:machine|default|login|macdef)\b`)}
	gitLogins    = &format{Password, login, pattern.New(`://`)}
	postgresFile = &format{Password, pattern.New(`(?m)^[^#:\n]*:[^:\n]*:[^:\n]*:[^:\n]*:(\S+)`), nil}
	mysqlFile    = &format{Password, assigned(`password`), nil}
)

// byBase are files that are called so, wherever they are.
var byBase = map[string]*format{
	".netrc": netrcFile, "_netrc": netrcFile, ".git-credentials": gitLogins, ".pgpass": {Password, postgresFile.values, postgresFile.values}, ".my.cnf": mysqlFile,
	".npmrc": npmFile, ".yarnrc": npmFile, ".yarnrc.yml": yarnFile, ".pypirc": passwordFile, "pip.conf": urlFile, "auth.json": composerFile,
	"NuGet.Config": nugetFile, "nuget.config": nugetFile, "kaggle.json": tokenFile, ".vault-token": plainToken, ".dockercfg": registryFile, ".dockerconfigjson": registryFile,
	".boto": storageFile, ".s3cfg": storageFile, "kubeconfig": clusterOther, "kubeconfig.yaml": clusterOther, "kubeconfig.yml": clusterOther, "k3s.yaml": clusterOther,
	"application_default_credentials.json": googleFile, "adc.json": googleFile, "msal_token_cache.json": cloudFile, "accessTokens.json": cloudFile,
	"service_principal_entries.json": cloudFile, "credentials.tfrc.json": tokenFile,
}

// byPlace are files that are called so in a directory of this name.
var byPlace = map[string]*format{
	".aws/credentials": awsFile, ".aws/config": awsSettings, ".kube/config": clusterFile, "kubernetes/admin.conf": clusterOther, ".docker/config.json": registryFile, "containers/auth.json": registryFile,
	".git/config": gitFile, ".m2/settings.xml": mavenFile, "gh/hosts.yml": tokenFile, ".cargo/credentials": tokenFile, ".cargo/credentials.toml": tokenFile, ".gem/credentials": tokenFile,
	"cargo/credentials.toml": tokenFile, "doctl/config.yaml": cloudFile, "huggingface/token": plainToken,
}

// named are those of which the name alone says that they hold credentials.
var named = map[*format]bool{awsFile: true, googleFile: true, clusterFile: true, netrcFile: true, gitLogins: true, byBase[".pgpass"]: true}

// formatOf is the format of the file at a path; nil if its name tells of none.
func formatOf(name, base string) *format {
	if places[base] {
		if f := byPlace[path.Base(path.Dir(name))+"/"+base]; f != nil {
			return f
		}
	}
	if f := byBase[base]; f != nil {
		return f
	}
	switch {
	case strings.HasPrefix(base, ".env") && (base == ".env" || base[4] == '.'), strings.HasSuffix(base, ".env") && base[0] != '.':
		if template(base) {
			return nil
		}
		if base[0] == '.' {
			return dotenv
		}
		return envFile
	case strings.HasSuffix(base, ".kubeconfig"):
		return clusterOther
	case base[0] != '.' && strings.HasSuffix(base, ".json") && (strings.Contains(name, ".aws/sso/cache/") || strings.Contains(name, ".aws/cli/cache/")):
		return cloudFile
	}
	return nil
}

// places are the names in byPlace: most files are called otherwise.
var places = func() map[string]bool {
	out := map[string]bool{}
	for p := range byPlace {
		out[path.Base(p)] = true
	}
	return out
}()

// template tells whether a name says that a file is there to be filled in.
func template(base string) bool {
	for word := range strings.FieldsFuncSeq(strings.ToLower(base), func(r rune) bool { return r == '.' || r == '-' || r == '_' }) {
		switch word {
		case "example", "sample", "template", "tmpl", "tpl", "dist", "defaults", "default", "schema", "test", "testing", "ci", "enc", "encrypted", "vault":
			return true
		}
	}
	return false
}

// look tells what a file of the format holds.
func (f *format) look(text []byte) Mark {
	if f == dotenv || f == envFile {
		return variables(text, f == dotenv)
	}
	for _, m := range f.values().FindAllSubmatch(text, -1) {
		if !placeholder(string(m[len(m)-1])) {
			return f.mark
		}
	}
	if named[f] && !f.known().Match(text) && says(text) {
		return CredentialName
	}
	return None
}

// says tells whether a text has more than comments.
func says(text []byte) bool {
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' && line[0] != ';' {
			return true
		}
	}
	return false
}
