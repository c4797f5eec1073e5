package heddle.bench.peer;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Netty 4.2: a loop for each processor, callbacks. The transport comes before the arguments that all servers have. */
public final class NettyServer {

    private enum Transport {
        EPOLL(EpollServerSocketChannel.class, EpollServerDomainSocketChannel.class) {
            @Override
            IoHandlerFactory handlers() {
                return EpollIoHandler.newFactory();
            }

            @Override
            SocketAddress unix(String path) {
                return new DomainSocketAddress(path);
            }
        },
        URING(IoUringServerSocketChannel.class, null) {
            @Override
            IoHandlerFactory handlers() {
                return IoUringIoHandler.newFactory();
            }

            @Override
            SocketAddress unix(String path) {
                throw new UnsupportedOperationException("no server of Unix sockets over io_uring");
            }
        },
        NIO(NioServerSocketChannel.class, NioServerDomainSocketChannel.class) {
            @Override
            IoHandlerFactory handlers() {
                return NioIoHandler.newFactory();
            }

            @Override
            SocketAddress unix(String path) {
                return UnixDomainSocketAddress.of(path);
            }
        };

        private final Class<? extends ServerChannel> tcpChannel;
        private final @Nullable Class<? extends ServerChannel> unixChannel;

        Transport(Class<? extends ServerChannel> tcpChannel, @Nullable Class<? extends ServerChannel> unixChannel) {
            this.tcpChannel = tcpChannel;
            this.unixChannel = unixChannel;
        }

        abstract IoHandlerFactory handlers();

        abstract SocketAddress unix(String path);
    }

    private NettyServer() {}

    /** See the class comment. */
    public static void main(String[] args) throws InterruptedException {
        Transport transport = Transport.valueOf(args[0].toUpperCase(Locale.ROOT));
        Arguments arguments = Arguments.of(Arrays.copyOfRange(args, 1, args.length));
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(arguments.processors(), transport.handlers());
        var bootstrap = new ServerBootstrap()
                .group(loops)
                .option(ChannelOption.SO_BACKLOG, BlockingServer.BACKLOG)
                .childHandler(new Initializer(arguments));
        SocketAddress address;
        if (arguments.network().equals("tcp")) {
            bootstrap
                    .channel(transport.tcpChannel)
                    .childOption(ChannelOption.TCP_NODELAY, true)
                    .childOption(ChannelOption.ALLOW_HALF_CLOSURE, arguments.role() == Role.UP);
            address = new InetSocketAddress(InetAddress.getLoopbackAddress(), arguments.port());
        } else {
            address = transport.unix(arguments.address());
            bootstrap.channel(Objects.requireNonNull(transport.unixChannel));
        }
        bootstrap.bind(address).sync().channel().closeFuture().sync();
    }

    private static final class Initializer extends ChannelInitializer<Channel> {
        private final Arguments arguments;

        Initializer(Arguments arguments) {
            this.arguments = arguments;
        }

        @Override
        protected void initChannel(Channel channel) {
            if (arguments.role() == Role.DEADLINE) {
                channel.pipeline().addLast(new ReadTimeoutHandler(5));
            }
            channel.pipeline().addLast(handler());
        }

        private ChannelHandler handler() {
            return switch (arguments.role()) {
                case ECHO, DEADLINE -> new EchoHandler();
                case UP -> new UpHandler();
                case DOWN -> new DownHandler();
                case WRITERS -> new WritersHandler();
                case RELAY -> new RelayHandler();
                case BUSY, TASKS -> throw new UnsupportedOperationException("a loop would stop");
            };
        }
    }

    /** Closes when the peer is gone, as the load generator is when it has measured enough. */
    private abstract static class Handler extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            var _ = context.close();
        }
    }

    private static final class EchoHandler extends Handler {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            var _ = context.write(message, context.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }
    }

    private static final class UpHandler extends Handler {
        private long total;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            total += bytes.readableBytes();
            bytes.release();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                context.writeAndFlush(Unpooled.copyLong(total)).addListener(ChannelFutureListener.CLOSE);
            }
        }
    }

    private static final class DownHandler extends Handler {
        private final ByteBuf block =
                Unpooled.unreleasableBuffer(Unpooled.directBuffer().writeBytes(Wire.block()));

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ((ByteBuf) message).release();
            fill(context);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            fill(context);
        }

        private void fill(ChannelHandlerContext context) {
            while (context.channel().isActive() && context.channel().isWritable()) {
                var _ = context.write(block.duplicate(), context.voidPromise());
            }
            context.flush();
        }
    }

    /** Reads from the first of two only while the second has room. One loop runs all of it. */
    private static final class RelayHandler extends Handler {

        /** The first of two, until the second comes. */
        private static @Nullable RelayHandler first;

        private @Nullable Channel own;
        private @Nullable Channel from;
        private @Nullable Channel to;

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            own = context.channel();
            RelayHandler waiting = first;
            if (waiting == null) {
                own.config().setAutoRead(false);
                first = this;
                return;
            }
            first = null;
            from = waiting.own;
            waiting.to = own;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            if (from != null) {
                from.config().setAutoRead(true);
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (to == null) {
                ((ByteBuf) message).release();
                return;
            }
            var _ = to.write(message, to.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            if (to != null) {
                to.flush();
                context.channel().config().setAutoRead(to.isWritable());
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            if (from != null && context.channel().isWritable()) {
                from.config().setAutoRead(true);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (from != null) {
                var _ = from.close();
            }
            if (to != null) {
                var _ = to.close();
            }
        }
    }

    /** Threads that are not the loop's: each waits until its message is with the kernel, as a blocking write does. */
    private static final class WritersHandler extends Handler {
        @Override
        public void channelActive(ChannelHandlerContext context) {
            for (int w = 0; w < Wire.WRITERS; w++) {
                int writer = w;
                Thread.ofVirtual().start(() -> write(context.channel(), writer));
            }
        }

        private static void write(Channel channel, int writer) {
            for (int number = 0; channel.isActive(); number++) {
                byte[] message = Wire.message(writer);
                Wire.number(message, writer, number);
                channel.writeAndFlush(Unpooled.wrappedBuffer(message)).awaitUninterruptibly();
            }
        }
    }
}
