using System.IO;

public class Index
{
    public Stream Handler(Stream input) { return input; }
}
