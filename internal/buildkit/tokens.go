package buildkit

import (
	"context"

	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth"
	"github.com/moby/buildkit/session/auth/authprovider"
	"google.golang.org/grpc"

	"tare/internal/engine"
)

// logins are what a builder asks of our side of the session when a registry wants
// credentials. BuildKit's own provider asks token servers with a client that knows no
// bounds, and sends them passwords whoever they are; so tokens are fetched by tare's.
type logins struct {
	auth.AuthServer // BuildKit's
	token           func(ctx context.Context, r engine.TokenRequest) (engine.Token, error)
}

func newLogins(opt Options) session.Attachable {
	p := authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
		AuthConfigProvider: authprovider.LoadAuthConfig(opt.Config),
	})
	inner, ok := p.(auth.AuthServer)
	if !ok || opt.Token == nil {
		return p
	}
	return &logins{AuthServer: inner, token: opt.Token}
}

// Register implements session.Attachable.
func (l *logins) Register(s *grpc.Server) { auth.RegisterAuthServer(s, l) }

// FetchToken implements auth.AuthServer.
func (l *logins) FetchToken(ctx context.Context, r *auth.FetchTokenRequest) (*auth.FetchTokenResponse, error) {
	t, err := l.token(ctx, engine.TokenRequest{Registry: r.Host, Realm: r.Realm, Service: r.Service, Scopes: r.Scopes})
	if err != nil {
		return nil, err
	}
	out := &auth.FetchTokenResponse{Token: t.Token, ExpiresIn: int64(t.Expires)}
	if out.ExpiresIn == 0 {
		out.ExpiresIn = 60 // the default of the protocol
	}
	if !t.Issued.IsZero() {
		out.IssuedAt = t.Issued.Unix()
	}
	return out, nil
}
