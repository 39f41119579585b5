using System.Globalization;
using ImageClassifier;
using StbImageSharp;

// Classifies pictures of clothes: those given as arguments, or the ones that come with the sample.
var files = args.Length > 0 ? args : [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "images"), "*.png").Order()];
using var classifier = new FashionClassifier();
var labels = FashionClassifier.Info.Labels;
var pixels = new float[28 * 28];
var probabilities = new float[labels.Count];
var unreadable = 0;

foreach (var file in files)
{
    try
    {
        ReadPixels(file, pixels);
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
    {
        Console.Error.WriteLine(e.Message);
        unreadable++;
        continue;
    }

    classifier.Predict(pixels, probabilities);
    var best = probabilities.AsSpan().IndexOf(probabilities.Max());
    Console.WriteLine(
        string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(file), -20} {labels[best], -12} {probabilities[best]:P1}")
    );
}

return unreadable == 0 ? 0 : 1;

// The network takes 28×28 shades of grey, 0 (black) to 1 (white), the thing bright on black.
static void ReadPixels(string file, Span<float> pixels)
{
    ImageResult image;
    try
    {
        image = ImageResult.FromMemory(File.ReadAllBytes(file), ColorComponents.Grey);
    }
    catch (InvalidOperationException)
    {
        throw new InvalidDataException($"{file} is not a picture that can be read");
    }

    if (image.Width != 28 || image.Height != 28)
    {
        throw new InvalidDataException($"{file} has {image.Width}×{image.Height} pixels; the network takes 28×28");
    }

    for (var i = 0; i < pixels.Length; i++)
    {
        pixels[i] = image.Data[i] / 255f;
    }
}
