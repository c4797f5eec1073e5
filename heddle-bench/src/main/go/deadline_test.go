// Go's SetReadDeadline under the same conditions as DeadlineBenchmark, which runs this if Go is there:
// go test -bench . -count 5 deadline_test.go
package deadline

import (
	"net"
	"testing"
	"time"
)

func dial(b *testing.B) (net.Conn, func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	return conn, func() {
		conn.Close()
		listener.Close()
	}
}

func move(b *testing.B, conn net.Conn) {
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if err := conn.SetReadDeadline(time.Now().Add(time.Hour)); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
}

func BenchmarkClockAlone(b *testing.B) {
	for i := 0; i < b.N; i++ {
		_ = time.Now()
	}
}

func BenchmarkMoveReadDeadline(b *testing.B) {
	conn, end := dial(b)
	defer end()
	move(b, conn)
}

func BenchmarkMoveDeadlineOfWaitingReader(b *testing.B) {
	conn, end := dial(b)
	conn.SetReadDeadline(time.Now().Add(time.Hour))
	done := make(chan bool)
	go func() {
		conn.Read(make([]byte, 1))
		done <- true
	}()
	time.Sleep(100 * time.Millisecond)
	move(b, conn)
	end()
	<-done
}
