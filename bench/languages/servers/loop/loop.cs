// loop.exe SOCKET: the handler behind a bare socket loop.
using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;

sealed class UnixPath : EndPoint
{
    readonly string path;

    public UnixPath(string path) { this.path = path; }

    public override AddressFamily AddressFamily => AddressFamily.Unix;

    public override EndPoint Create(SocketAddress address) { return new UnixPath(""); }

    public override SocketAddress Serialize()
    {
        var address = new SocketAddress(AddressFamily.Unix, 2 + path.Length + 1);
        for (int i = 0; i < path.Length; ++i) address[2 + i] = (byte)path[i];
        return address;
    }
}

static class Program
{
    static void Main(string[] arguments)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixPath(arguments[0]));
        listener.Listen(1);
        var index = new Index();
        for (;;)
            using (var stream = new NetworkStream(listener.Accept(), true)) Serve(index, new BufferedStream(stream), stream);
    }

    static void Serve(Index index, Stream input, Stream output)
    {
        while (Line(input) != "")
        {
            int length = 0;
            for (string header = Line(input); header != ""; header = Line(input))
                if (header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) length = int.Parse(header.Substring(15));
            var body = new byte[length];
            for (int filled = 0; filled < length;) filled += input.Read(body, filled, length - filled);
            var result = new MemoryStream();
            index.Handler(new MemoryStream(body)).CopyTo(result);
            var answer = new MemoryStream();
            byte[] head = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: " + result.Length + "\r\n\r\n");
            answer.Write(head, 0, head.Length);
            result.WriteTo(answer);
            output.Write(answer.GetBuffer(), 0, (int)answer.Length);
        }
    }

    static string Line(Stream input)
    {
        var text = new StringBuilder();
        for (int c = input.ReadByte(); c >= 0 && c != '\n'; c = input.ReadByte())
            if (c != '\r') text.Append((char)c);
        return text.ToString();
    }
}
