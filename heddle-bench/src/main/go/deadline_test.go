// Go's SetReadDeadline under the same conditions as DeadlineBenchmark: go test -bench . -count 5
package deadline

import (
	"net"
	"testing"
	"time"
)

func BenchmarkMoveReadDeadline(b *testing.B) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if err := conn.SetReadDeadline(time.Now().Add(time.Hour)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkClockAlone(b *testing.B) {
	for i := 0; i < b.N; i++ {
		_ = time.Now()
	}
}
