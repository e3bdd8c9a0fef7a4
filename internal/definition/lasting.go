package definition

import (
	"strings"

	"github.com/moby/buildkit/solver/pb"
	"google.golang.org/protobuf/proto"
)

// lasting is an operation without its inputs and without what does not decide whether
// the cache has its result: sessions, proxies, addresses of extra hosts, which files of
// a context are sent (COPY compares those that it takes). BuildKit's own cache keys
// leave out the same (CacheMap of its ExecOp and sources).
func lasting(op *pb.Op) *pb.Op {
	out, _ := proto.Clone(op).(*pb.Op)
	out.Inputs, out.Constraints = nil, nil
	switch o := out.Op.(type) {
	case *pb.Op_Source:
		local := strings.HasPrefix(o.Source.Identifier, "local://")
		for _, scheme := range []string{"docker-image://", "oci-layout://"} { // an image of one digest is the same under any name
			if rest, ok := strings.CutPrefix(o.Source.Identifier, scheme); ok {
				if _, digest, ok := strings.Cut(rest, "@"); ok {
					o.Source.Identifier = scheme + "@" + digest
				}
			}
		}
		for k := range o.Source.Attrs {
			if local || k == pb.AttrOCILayoutSessionID || k == pb.AttrOCILayoutStoreID || k == pb.AttrImageResolveMode || k == pb.AttrImageRecordType {
				delete(o.Source.Attrs, k)
			}
		}
	case *pb.Op_Exec:
		if o.Exec.Meta == nil {
			break
		}
		o.Exec.Meta.ProxyEnv = nil
		for _, h := range o.Exec.Meta.ExtraHosts {
			h.IP = ""
		}
		for _, m := range o.Exec.Mounts {
			if m.CacheOpt != nil {
				m.CacheOpt = nil
			}
		}
	}
	return out
}
