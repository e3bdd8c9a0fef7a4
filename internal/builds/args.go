package builds

import (
	"strings"

	"github.com/docker/cli/cli/config/configfile"

	"tare/internal/request"
)

// Args are the arguments of a build: those that were given (NAME=VALUE, or NAME to take it
// from the environment, if it is there), the proxies of Docker's configuration, and
// SOURCE_DATE_EPOCH. lookup is os.LookupEnv.
func Args(given []string, cfg *configfile.ConfigFile, lookup func(string) (string, bool)) (map[string]string, error) {
	args := map[string]*string{}
	for _, g := range given {
		k, v, ok := strings.Cut(g, "=")
		if k == "" {
			return nil, request.Errorf("--build-arg %q: want NAME=VALUE", g)
		}
		if !ok {
			env, set := lookup(k)
			if !set {
				continue
			}
			v = env
		}
		args[k] = &v
	}
	args = cfg.ParseProxyConfig("default", args)
	if v, ok := lookup("SOURCE_DATE_EPOCH"); ok && v != "" {
		if _, given := args["SOURCE_DATE_EPOCH"]; !given {
			args["SOURCE_DATE_EPOCH"] = &v
		}
	}
	out := map[string]string{}
	for k, v := range args {
		if v != nil {
			out[k] = *v
		}
	}
	return out, nil
}
