package buildkit

import (
	"io"

	"google.golang.org/grpc/grpclog"
)

// gRPC's own log is not for people: it prints what it could not marshal, kilobytes of
// it, to standard error, while the error itself arrives by another way. The logger must
// be set before anything of gRPC runs, hence an init.
func init() { grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard)) }
